"""Whether a webhook is a provider's and of now: the bank and Stripe sign alike. Pure."""

import hmac

from contracts.bank import signature
from contracts.bank_webhook import WebhookSignature, WebhookTooOld


def check(header: str, body: bytes, secret: str, now: float, tolerance: float) -> None:
    """Raises WebhookSignature unless one of the header's signatures is ours, then WebhookTooOld if its time is too far from `now`."""
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        raise WebhookSignature
    at = int(times[0])
    right = signature(secret, at, body).encode()
    shown = [value.encode("utf-8", "surrogateescape") for name, _, value in parts if name == "v1"]
    if not any([hmac.compare_digest(right, each) for each in shown]):  # noqa: C419 - a list: as long whichever of them is right
        raise WebhookSignature
    if abs(int(now) - at) > tolerance:  # whole seconds: a time of hundreds of digits is no float
        raise WebhookTooOld
