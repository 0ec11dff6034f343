"""Starts the gateway: `python -m gateway`."""

from gateway.app import build_app
from gateway.settings import Settings
from mallkit import service

service.run(build_app, Settings, "gateway")
