"""Where a purchase goes when its buyer says, and when not."""

from contextlib import suppress

from msgspec import UNSET, UnsetType

from contracts import user
from contracts.checkout_types import Address, AddressInvalid
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from svc_checkout.domain import address
from svc_checkout.domain.address import Destination
from svc_checkout.ports import Ports


async def of_purchase(sent: Address | UnsetType, caller: Caller, ports: Ports) -> Destination:
    """As sent; else as this command began with before; else the buyer's default address. Raises AddressInvalid."""
    if sent is not UNSET:
        return address.read(sent)
    with suppress(Missing):
        return (await ports.checkouts.get(caller.command)).destination
    kept = await _default_of(caller, ports)
    if kept is None:
        raise AddressInvalid("no address was sent, and the buyer has no default address", field="address")
    return kept


async def country_of_quote(sent: Address | UnsetType, caller: Caller, ports: Ports) -> str:
    """That of the address sent, else of the buyer's default one, else the mall's own. Raises AddressInvalid."""
    if sent is not UNSET:
        return address.read(sent).country
    kept = await _default_of(caller, ports)
    return ports.home_country if kept is None else kept.country


async def _default_of(caller: Caller, ports: Ports) -> Destination | None:
    with suppress(Missing):
        return address.read((await ports.users(user.default_address, user.DefaultOf(user_id=caller.subject))).address)
    return None
