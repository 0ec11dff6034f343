"""The demo accounts of a laptop: made on the first start in dev, and in no other environment."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from contracts.auth import EmailTaken
from mallkit.endpoint import Role
from mallkit.errors import Missing
from svc_auth.domain import Account
from svc_auth.ports import Ports

ENVIRONMENT = "dev"
SHOPPER = Account("demo-shopper", "shopper@mall.test", "Demo Shopper", Role.CUSTOMER, "", 0.0)
OPERATOR = Account("demo-operator", "operator@mall.test", "Demo Operator", Role.OPERATOR, "", 0.0)
PASSWORDS = {SHOPPER: "shopper-demo-1", OPERATOR: "operator-demo-1"}


async def open_demo_accounts(ports: Ports) -> None:
    """Ready with the service, so that the first import can log in: 20 ms once, nothing on later starts."""
    await asyncio.gather(*(_open(account, password, ports) for account, password in PASSWORDS.items()))


async def _open(account: Account, password: str, ports: Ports) -> None:
    try:
        await ports.accounts.get(account.id)
    except Missing:
        hashed = await ports.passwords.hash(password)
        with suppress(EmailTaken):  # another copy that starts at the same moment, or somebody who was first
            await ports.accounts.open(replace(account, password_hash=hashed, created_at=ports.clock()))
