"""The page on which a buyer answers a challenge: it shows what is to be paid, and asks yes or no."""

from html import escape
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from contracts.bank import OperationStatus
from mallkit import deadline
from mallkit.body import read_body
from mallkit.errors import Invalid, UnsupportedMedia
from mallkit.money import DECIMALS, Money
from mallkit.raw import Reply
from mallkit.routes import Routes, target_of
from mallkit.web import Edge
from sandbox_bank import use_cases
from sandbox_bank.domain.authorization import Entry
from sandbox_bank.ports import Ports

PATH = "/challenge/{challenge_id}"
FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 1024
SECONDS = 10.0
APPROVE, DECLINE = "approve", "decline"
SAFE = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
STYLE = "body{font:1rem/1.5 sans-serif;max-width:28rem;margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem}"
SAID = {
    OperationStatus.APPROVED: "You have approved the payment. You can close this page.",
    OperationStatus.DECLINED: "Nothing is paid: the payment was not approved. You can close this page.",
}


def add(routes: Routes, edge: Edge) -> None:
    """Puts the page among the routes."""

    async def show(request: web.BaseRequest) -> web.StreamResponse:
        deadline.start(None, SECONDS)
        ports: Ports = edge.ports
        entry, return_url = await ports.books.challenge(_challenge_of(request))
        return _page(entry, return_url if return_url in ports.return_urls else "")

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        deadline.start(None, SECONDS)
        approve = await _said(request)
        entry, return_url = await use_cases.answer(_challenge_of(request), edge.ports, approve=approve)
        return Reply(303, b"", {**SAFE, "Location": return_url}).response() if return_url else _page(entry, "")

    routes.add("GET", PATH, show)
    routes.add("POST", PATH, answer)


def _challenge_of(request: web.BaseRequest) -> str:
    return target_of(request).partition("?")[0].rpartition("/")[2]


async def _said(request: web.BaseRequest) -> bool:
    """Whether the buyer says yes. Raises Invalid for anything but one of the two buttons."""
    if request.content_type != FORM:
        raise UnsupportedMedia("send the form of the page")
    sent = (await read_body(request, LARGEST_FORM)).decode("ascii", "replace")
    said = [value for name, value in parse_qsl(sent) if name == "answer"]
    if said not in ([APPROVE], [DECLINE]):
        raise Invalid(f"answer is {APPROVE} or {DECLINE}")
    return said == [APPROVE]


def _page(entry: Entry, return_url: str) -> web.StreamResponse:
    known = entry.currency in DECIMALS
    amount = f"{Money(entry.amount, entry.currency).amount if known else f'{entry.amount} minor units of'} {entry.currency}"
    told = f"<p>{escape(amount)} from the {escape(entry.brand)} card that ends in {escape(entry.last4)}, for {escape(entry.reference)}.</p>"
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Sandbox bank</title><style>{STYLE}</style><h1>Is it you who pays?</h1>{told}{_asked(entry)}</html>"
    )
    return Reply(200, html.encode(), {**SAFE, "Content-Security-Policy": _policy(return_url)}).response()


def _asked(entry: Entry) -> str:
    if not entry.action:
        return f"<p>{SAID[entry.status]}</p>"
    buttons = "".join(f'<button name="answer" value="{word}">{word.capitalize()}</button> ' for word in (APPROVE, DECLINE))
    return f'<form method="post">{buttons}</form>'


def _policy(return_url: str) -> str:
    """Browsers also hold the way back, which is a redirect of the form, against `form-action`."""
    parts = urlsplit(return_url)
    return f"{POLICY} {parts.scheme}://{parts.netloc}" if return_url else POLICY
