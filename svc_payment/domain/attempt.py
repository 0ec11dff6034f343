"""One try at paying an order, from the question to its end. Pure."""

from dataclasses import dataclass, replace

from contracts.order import WrongStatus
from contracts.payment import PaymentStatus

NEXT: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.ASKED: frozenset({PaymentStatus.REQUIRES_ACTION, PaymentStatus.CAPTURING, PaymentStatus.DECLINED, PaymentStatus.VOIDED}),
    PaymentStatus.REQUIRES_ACTION: frozenset({PaymentStatus.CAPTURING, PaymentStatus.DECLINED, PaymentStatus.VOIDED}),
    PaymentStatus.CAPTURING: frozenset({PaymentStatus.CAPTURED, PaymentStatus.FAILED}),
    PaymentStatus.CAPTURED: frozenset(),
    PaymentStatus.DECLINED: frozenset(),
    PaymentStatus.VOIDED: frozenset(),
    PaymentStatus.FAILED: frozenset(),
}
"""What is stored; partly_refunded and refunded are computed from the refunds."""
VOIDABLE = frozenset({PaymentStatus.ASKED, PaymentStatus.REQUIRES_ACTION})
"""Before the point of no return."""
UNFINISHED = VOIDABLE | {PaymentStatus.CAPTURING}
TOOK_NOTHING = frozenset({PaymentStatus.DECLINED, PaymentStatus.VOIDED, PaymentStatus.FAILED})


@dataclass(frozen=True)
class Action:
    """What the buyer has to do, at `url`, before the money can be taken; no longer than `until` (seconds since 1970)."""

    url: str
    until: float


@dataclass(frozen=True)
class Attempt:
    """A try at paying. `due`: when the job must look at it; `over`: the order knows that the attempt took no money.

    `provider` is who was asked (an attempt without one is of the time when there was the bank alone), `reference` its own name for it.
    """

    id: str
    transaction_id: str
    user_id: str
    status: PaymentStatus
    minor: int
    currency: str
    method: str
    card: str
    created: float
    updated: float
    due: float
    reason: str = ""
    over: bool = False
    action: Action | None = None
    provider: str = "bank"
    reference: str = ""

    def to(self, status: PaymentStatus, now: float, reason: str = "") -> "Attempt":
        """The next status. Raises WrongStatus."""
        if status not in NEXT[self.status]:
            message = f"the payment is {self.status.value}, it cannot become {status.value}"
            raise WrongStatus(message, transaction_id=self.transaction_id)
        return replace(self, status=status, updated=now, reason=reason or self.reason)
