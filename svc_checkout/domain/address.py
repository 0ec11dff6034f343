"""Where a purchase goes. Pure."""

from dataclasses import dataclass

from contracts.checkout_types import Address, AddressInvalid
from contracts.destinations import ISO_3166, deliverable
from contracts.shipping import OTHERS


@dataclass(frozen=True)
class Destination:
    """An address that can be delivered to; `country` is an alpha-2 code."""

    street_address: str
    city: str
    state: str
    country: str
    zip_code: str


def read(sent: Address) -> Destination:
    """Raises AddressInvalid, naming the field."""
    to = deliverable(sent)
    return Destination(to.street_address, to.city, to.state, to.country, str(to.zip_code))


def known_country(code: str) -> None:
    """Raises AddressInvalid unless it is a country's code, or stands for all others."""
    if code != OTHERS and code not in ISO_3166:
        message = "there is no country of this ISO 3166-1 code"
        raise AddressInvalid(message, field="country")
