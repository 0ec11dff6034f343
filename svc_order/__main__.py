"""`python -m svc_order`."""

from mallkit import service
from svc_order.app import build_app
from svc_order.settings import Settings

service.run(build_app, Settings, "order")
