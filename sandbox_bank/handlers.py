"""The bank's endpoints; each looks at the API key first."""

from msgspec import UNSET

from contracts import bank
from mallkit.endpoint import Caller
from mallkit.web import serves
from sandbox_bank import use_cases, views
from sandbox_bank.ports import Ports


@serves(bank.authorize)
async def authorize(wish: bank.Authorize, _: Caller, ports: Ports) -> bank.Operation:
    """Reserve an amount on a card."""
    use_cases.admit(wish.api_key, ports)
    return views.operation(await use_cases.authorize(wish, ports), ports.public_url)


@serves(bank.capture)
async def capture(wish: bank.Capture, _: Caller, ports: Ports) -> bank.Operation:
    """Take an authorized amount."""
    use_cases.admit(wish.api_key, ports)
    return views.operation(await use_cases.capture(wish, ports), ports.public_url)


@serves(bank.void)
async def void(wish: bank.Void, _: Caller, ports: Ports) -> bank.Operation:
    """End an authorization."""
    use_cases.admit(wish.api_key, ports)
    return views.operation(await use_cases.void(wish, ports), ports.public_url)


@serves(bank.refund)
async def refund(wish: bank.RefundOf, _: Caller, ports: Ports) -> bank.Operation:
    """Give money back."""
    use_cases.admit(wish.api_key, ports)
    return views.operation(await use_cases.refund(wish, ports), ports.public_url)


@serves(bank.operation)
async def operation(wish: bank.OperationOf, _: Caller, ports: Ports) -> bank.Operation:
    """What became of a key."""
    use_cases.admit(wish.api_key, ports)
    return views.operation(await ports.books.entry(wish.key), ports.public_url)


@serves(bank.operations)
async def operations(wish: bank.StatementOf, _: Caller, ports: Ports) -> bank.Statement:
    """The statement."""
    use_cases.admit(wish.api_key, ports)
    page = await ports.books.statement(None if wish.after is UNSET else wish.after, wish.limit)
    return views.statement(page, ports.public_url)
