"""`python -m svc_cart` serves the carts."""

from mallkit import service
from svc_cart.app import build_app
from svc_cart.settings import Settings

service.run(build_app, Settings, "cart")
