"""A tiny part of a mall: a real process with settings, /ready and a lifeline, whose faults are settings too."""

import json
import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from mallkit.settings import Common, load


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    port: int = 0
    dies_at_start: bool = False
    deaf: bool = False
    """Ignores SIGTERM."""
    waits_for: str = ""
    """Not ready before this file exists."""


def run(name: str) -> None:
    settings = load(Settings, name, os.environ)
    print(json.dumps({"event": "part.started", "name": name}))
    if settings.dies_at_start:
        print(json.dumps({"event": "part.cannot", "name": name}))
        raise SystemExit(3)
    with ThreadingHTTPServer((settings.host, settings.port), _handler(settings)) as server:
        server.daemon_threads = True

        def stop(*_: object) -> None:
            print(json.dumps({"event": "part.stopping", "name": name}))
            threading.Thread(target=server.shutdown).start()

        signal.signal(signal.SIGTERM, signal.SIG_IGN if settings.deaf else stop)
        threading.Thread(target=_hold, args=(int(os.environ["MALL_LIFELINE_FD"]), stop), daemon=True).start()
        server.serve_forever(poll_interval=0.02)


def _hold(lifeline: int, stop: object) -> None:
    os.read(lifeline, 1)
    assert callable(stop)
    stop()


def _handler(settings: Settings) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
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
