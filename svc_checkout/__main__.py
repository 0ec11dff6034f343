"""`python -m svc_checkout`."""

from mallkit import service
from svc_checkout.app import build_app
from svc_checkout.settings import Settings

service.run(build_app, Settings, "checkout")
