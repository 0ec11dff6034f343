"""What each problem type means: the `type` of every problem is a path at the gateway, and this is what stands there."""

from collections.abc import Iterable
from html import escape
from inspect import cleandoc
from types import ModuleType
from typing import Final

import msgspec
from aiohttp import hdrs, web

from mallkit import errors, problem
from mallkit.errors import ShopError
from mallkit.routes import Serve

PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}}code{{color:#555}}</style>
<h1>{title}</h1><p><code>{told}</code></p><p>{meaning}</p>{remedy}
<p><a href="/docs">Which calls may answer with it</a></p></html>
"""
HTML: Final = "text/html"


class Described(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem type, as it is shown."""

    type: str
    title: str
    status: int
    code: int | None = None
    meaning: str = ""
    remedy: str = ""


def described(modules: Iterable[ModuleType]) -> dict[str, Described]:
    """Path → description, for the refusals that the kit and these modules declare; of one type, the first that says it is shown."""
    found: dict[str, Described] = {}
    for module in (errors, *modules):
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, ShopError) and "slug" in kind.__dict__:
                path = problem.type_of(kind)
                meaning = cleandoc(kind.__doc__ or "")
                found.setdefault(path, Described(path, kind.title, problem.status_of(kind), kind.code, meaning, kind.remedy))
    return found


def page(told: Described) -> Serve:
    """Serves one description: HTML to browsers, JSON to everybody else."""
    as_json = msgspec.json.encode(told)
    as_html = _html(told).encode()

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        if HTML in request.headers.get(hdrs.ACCEPT, ""):
            return web.Response(body=as_html, content_type=HTML, charset="utf-8", headers={hdrs.VARY: hdrs.ACCEPT})
        return web.Response(body=as_json, content_type="application/json", headers={hdrs.VARY: hdrs.ACCEPT})

    return serve


def _html(told: Described) -> str:
    number = f" · {told.code}" if told.code is not None else ""
    return PAGE.format(
        title=escape(told.title),
        told=f"{escape(told.type)} · {told.status}{number}",
        meaning=escape(told.meaning),
        remedy=f"<p>{escape(told.remedy)}</p>" if told.remedy else "",
    )
