"""The addresses of whoever is signed in, and the default one for a purchase that names none."""

from msgspec import UNSET

from contracts.destinations import deliverable
from contracts.user import ChangedAddress, NewAddress
from mallkit.endpoint import Caller
from mallkit.errors import Missing
from mallkit.steps import Write
from mallkit.times import rfc3339
from svc_user import domain
from svc_user.domain import Address, Profile
from svc_user.ports import Ports
from svc_user.use_cases.profiles import profile_of

ADDED, CHANGED, REMOVED = Write("user.address-added"), Write("user.address-changed"), Write("user.address-removed")


async def add_address(wish: NewAddress, caller: Caller, ports: Ports) -> tuple[Profile, Address]:
    """The owner and the address, whose id is the command's: repeated, it is the same. Raises AddressInvalid, TooManyAddresses, Missing."""
    address = _address(caller.command, wish, ports)
    await profile_of(caller.subject, ports)
    with ADDED.writing():
        owner = await ports.profiles.change(caller.subject, lambda found: domain.add_address(found, address, default=wish.default))
    return owner, owner.address(address.id)


async def change_address(wish: ChangedAddress, caller: Caller, ports: Ports) -> tuple[Profile, Address]:
    """The owner and the address. Raises AddressInvalid, Missing."""
    address = _address(wish.address_id, wish, ports)
    await profile_of(caller.subject, ports)
    with CHANGED.writing():
        owner = await ports.profiles.change(caller.subject, lambda found: domain.change_address(found, address, default=wish.default))
    return owner, owner.address(address.id)


async def remove_address(address_id: str, caller: Caller, ports: Ports) -> None:
    """Raises Missing."""
    await profile_of(caller.subject, ports)
    with REMOVED.writing():
        await ports.profiles.change(caller.subject, lambda found: domain.remove_address(found, address_id))


async def default_address(user_id: str, ports: Ports) -> Address:
    """Raises Missing where there is none."""
    found = await ports.profiles.get(user_id)
    if found is None:
        raise Missing
    return found.address(found.default_address)


def _address(address_id: str, wish: NewAddress, ports: Ports) -> Address:
    to, now = deliverable(wish), rfc3339(ports.clock())
    return Address(
        id=address_id,
        label=wish.label.strip(),
        firstname="" if wish.firstname is UNSET else wish.firstname.strip(),
        lastname="" if wish.lastname is UNSET else wish.lastname.strip(),
        street_address=to.street_address,
        city=to.city,
        state=to.state,
        country=to.country,
        zip_code=str(to.zip_code),
        created_at=now,
        updated_at=now,
    )
