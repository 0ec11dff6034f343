"""`python -m svc_payment`."""

from mallkit import service
from svc_payment.app import build_app
from svc_payment.settings import Settings

service.run(build_app, Settings, "payment")
