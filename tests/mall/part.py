"""A tiny part of a mall: a real process with settings, /ready and a lifeline, whose faults are settings too."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from mallkit.settings import Common, Secret, load


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of every part in these tests."""

    port: int = 0
    dies_at_start: bool = False
    deaf: bool = False
    """Ignores SIGTERM."""
    lingers_until: str = ""
    """Told to stop, it holds its port until this file exists."""
    waits_for: str = ""
    """Not ready before this file exists."""


class AuthSettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The part that is told everybody's secret."""

    clients: Annotated[dict[str, str], Meta(extra={"secret": True})]
    key: Secret


def run(name: str, kind: type[Settings]) -> None:
    """Serves until SIGTERM or the end of the lifeline."""
    settings = load(kind, name, os.environ, Path.cwd())
    _log("part.started", name)
    if settings.dies_at_start:
        _log("part.cannot", name)
        raise SystemExit(3)
    with ThreadingHTTPServer((settings.host, settings.port), _handler(settings)) as server:
        server.daemon_threads = True

        def stop(*_: object) -> None:
            _log("part.stopping", name)
            threading.Thread(target=_end, args=(server, settings)).start()

        signal.signal(signal.SIGTERM, signal.SIG_IGN if settings.deaf else stop)
        threading.Thread(target=_hold, args=(int(os.environ["MALL_LIFELINE_FD"]), stop), daemon=True).start()
        server.serve_forever(poll_interval=0.02)


def _log(event: str, name: str) -> None:
    sys.stdout.write(json.dumps({"event": event, "name": name}) + "\n")


def _end(server: ThreadingHTTPServer, settings: Settings) -> None:
    while settings.lingers_until and not Path(settings.lingers_until).exists():
        time.sleep(0.01)
    server.shutdown()


def _hold(lifeline: int, stop: Callable[[], None]) -> None:
    os.read(lifeline, 1)
    stop()


def _handler(settings: Settings) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Every path is /ready but one."""
            if self.path == "/environment":
                return self._answer(200, dict(os.environ))
            ready = not settings.waits_for or Path(settings.waits_for).exists()
            return self._answer(200 if ready else 503, {"code": None if ready else "waits"})

        def _answer(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
