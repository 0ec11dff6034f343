"""Accounts and the pointers to them in the store, asked for in the service's words."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from contracts.payment import RecordUnreadable
from mallkit.dues import Dues
from mallkit.endpoint import Event
from mallkit.errors import Missing
from mallkit.paging import each
from mallkit.store import Absent, Kind, Range, Store, StoreUnavailable, Taken
from mallkit.times import NEVER
from svc_payment.domain import account as rules
from svc_payment.domain.account import Account
from svc_payment.domain.attempt import Attempt


@dataclass(frozen=True)
class Pointer:
    """From a transaction id to its order's account."""

    id: str
    order_id: str


ACCOUNTS: Kind[Account] = Kind(name="accounts", type=Account, fields={"due": float, "user_id": str})
POINTERS: Kind[Pointer] = Kind(name="pointers", type=Pointer)


class Accounts:
    """The collections of one payment store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._accounts = store[ACCOUNTS]
        self._pointers = store[POINTERS]
        self._dues = Dues(store[ACCOUNTS], "due")

    async def get(self, order_id: str) -> Account:
        """An account without anything in it where there is none. Raises RecordUnreadable."""
        try:
            return await self._accounts.get(order_id)
        except Absent:
            return Account(order_id)
        except StoreUnavailable:
            raise RecordUnreadable from None

    async def of_transaction(self, transaction_id: str) -> Account:
        """Raises Missing, RecordUnreadable."""
        try:
            pointer = await self._pointers.get(transaction_id)
        except Absent:
            message = "there is no such payment"
            raise Missing(message) from None
        except StoreUnavailable:
            raise RecordUnreadable from None
        return await self.get(pointer.order_id)

    async def ask(self, order_id: str, attempt: Attempt) -> Account:
        """Begins the attempt, with the pointer that finds it, in one write."""
        changing = self._accounts.changing(order_id, lambda found: rules.ask(found, attempt), absent=Account(order_id))
        try:
            _, found = await self._store.together(self._pointers.adding(Pointer(attempt.transaction_id, order_id)), changing)
        except Taken:
            (found,) = await self._store.together(changing)
        if not isinstance(found, Account):
            raise TypeError(found)
        return found

    async def change(self, order_id: str, rule: Callable[[Account], Account | tuple[Account, Event]]) -> Account:
        """Applies a rule to the newest version; the account is made where there is none."""
        return await self._accounts.change(order_id, rule, absent=Account(order_id))

    def of_user(self, user_id: str) -> AsyncGenerator[Account]:
        """All of them."""
        return each(self._accounts, {"user_id": user_id})

    async def open(self, limit: int) -> list[Account]:
        """Accounts that the job must look at some time, longest waiting first."""
        return (await self._accounts.find({"due": Range(lt=NEVER)}, order="due", limit=limit)).items

    async def due(self, now: float, longest: float, limit: int) -> list[Account]:
        """Accounts that the job must look at, longest waiting first; none is made to wait longer than so many seconds."""
        return await self._dues.come(now, longest, limit)
