"""Runs the audit as a part of the mall."""

from mall.auditing.app import build_app
from mall.auditing.settings import Settings
from mallkit.service import run

run(build_app, Settings, "audit")
