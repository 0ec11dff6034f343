"""The accounts that are there from the start: demo ones in dev, and in no other environment; elsewhere the first admin, if one is named."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import msgspec
import structlog

from contracts.auth import Email, EmailTaken
from mallkit.endpoint import Role
from mallkit.errors import Missing
from mallkit.ids import new_id
from mallkit.settings import SettingsError
from svc_auth.domain import Account
from svc_auth.ports import Ports
from svc_auth.settings import Settings

log = structlog.get_logger()

DEMO = "dev"
SHOPPER = Account("demo-shopper", "shopper@mall.test", "Demo Shopper", Role.CUSTOMER, "", 0.0)
OPERATOR = Account("demo-operator", "operator@mall.test", "Demo Operator", Role.OPERATOR, "", 0.0)
ADMIN = Account("demo-admin", "admin@mall.test", "Demo Admin", Role.ADMIN, "", 0.0)
PASSWORDS = {SHOPPER: "shopper-demo-1", OPERATOR: "operator-demo-1", ADMIN: "admin-demo-1"}


async def open_accounts(settings: Settings, ports: Ports) -> None:
    """Ready with the service, so that the first import can log in: 20 ms an account once, nothing on later starts.

    Raises SettingsError for a first admin's address that is none.
    """
    if settings.env == DEMO:
        await asyncio.gather(*(_open_demo(account, password, ports) for account, password in PASSWORDS.items()))
    if settings.first_admin_email:
        await _open_first_admin(settings, ports)


async def _open_demo(account: Account, password: str, ports: Ports) -> None:
    try:
        await ports.accounts.get(account.id)
    except Missing:
        hashed = await ports.passwords.hash(password)
        with suppress(EmailTaken):  # another copy that starts at the same moment, or somebody who was first
            await ports.accounts.open(replace(account, password_hash=hashed, created_at=ports.clock()))


async def _open_first_admin(settings: Settings, ports: Ports) -> None:
    """An account that somebody registered under the address stays what it is: it may be a stranger's."""
    try:
        email = msgspec.convert(settings.first_admin_email, Email)
    except msgspec.ValidationError:
        raise SettingsError(["MALL_AUTH_FIRST_ADMIN_EMAIL is no e-mail address"]) from None
    if await ports.accounts.has_admin():
        return
    hashed = await ports.passwords.hash(settings.first_admin_password)
    account = Account(new_id(), email, "First Admin", Role.ADMIN, hashed, ports.clock())
    try:
        if await ports.accounts.open_first_admin(account):
            log.warning("admin.opened", user_id=account.id)
    except EmailTaken:
        log.warning("admin.not-opened", reason="the address has an account already: name another one in MALL_AUTH_FIRST_ADMIN_EMAIL")
