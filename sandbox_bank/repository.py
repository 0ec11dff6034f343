"""The bank's books: authorizations with all that was done to them, and a pointer from every operation key."""

from dataclasses import dataclass

from contracts.bank import BankKeyReused
from mallkit.errors import Missing
from mallkit.store import Absent, Kind, Store
from sandbox_bank.domain import Authorization, Entry, Rule


@dataclass(frozen=True)
class Pointer:
    """Operation key → authorization; written with the operation, never changed."""

    id: str
    authorization: str


AUTHORIZATIONS = Kind(name="authorizations", type=Authorization)
POINTERS = Kind(name="pointers", type=Pointer)


class StoredBooks:
    """The books in the bank's own store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._authorizations = store[AUTHORIZATIONS]
        self._pointers = store[POINTERS]

    async def write(self, key: str, authorization: str, rule: Rule) -> Entry:
        """The operation under `key`, after the rule was applied to the authorization, made if need be. Raises BankKeyReused."""
        wanted = Pointer(key, authorization)

        def bind(pointer: Pointer) -> Pointer:
            if pointer != wanted:
                raise BankKeyReused
            return pointer

        _, written = await self._store.together(
            self._pointers.changing(key, bind, absent=wanted),
            self._authorizations.changing(authorization, rule, absent=Authorization(authorization)),
        )
        return _under(written, key)

    async def entry(self, key: str) -> Entry:
        """The operation under `key`. Raises Missing."""
        try:
            pointer = await self._pointers.get(key)
            authorization = await self._authorizations.get(pointer.authorization)
        except Absent:
            raise Missing from None
        return _under(authorization, key)


def _under(authorization: Authorization, key: str) -> Entry:
    entry = authorization.under(key)
    if entry is None:
        raise Missing
    return entry
