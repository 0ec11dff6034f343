"""`python -m svc_product` serves the catalogue."""

from mallkit import service
from svc_product.app import build_app
from svc_product.settings import Settings

service.run(build_app, Settings, "product")
