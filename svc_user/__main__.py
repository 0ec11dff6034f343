"""Starts the user service: `python -m svc_user`."""

from mallkit import service
from svc_user.app import build_app
from svc_user.settings import Settings

service.run(build_app, Settings, "user")
