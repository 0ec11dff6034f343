"""`python -m sandbox_bank` serves the sandbox bank."""

from mallkit import service
from sandbox_bank.app import build_app
from sandbox_bank.settings import Settings

service.run(build_app, Settings, "bank")
