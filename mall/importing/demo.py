"""The demo catalogue on the first start of a mall."""

from pathlib import Path

from contracts import product
from mall.importing.reading import read_file
from mall.importing.sending import Gateway, send

CATALOGUE = Path(__file__).parents[1] / "catalogue" / "catalogue.json"


def ensure(gateway_url: str, email: str, password: str) -> int:
    """Imports the demo catalogue into a mall that has no product at all; how many were created.

    A mall with products is left alone: importing again would undo what its operators changed. Raises MallAway and MallRefused. Blocking:
    call it in a thread.
    """
    gateway = Gateway(gateway_url)
    if gateway.call(product.ProductPage, "GET", f"{product.products.path}?limit=1").items:
        return 0
    gateway.log_in(email, password)
    return send(gateway, read_file(CATALOGUE).products).created
