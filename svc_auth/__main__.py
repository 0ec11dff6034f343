"""Starts the auth service: `python -m svc_auth`."""

from mallkit import service
from svc_auth.app import build_app
from svc_auth.settings import Settings

service.run(build_app, Settings, "auth")
