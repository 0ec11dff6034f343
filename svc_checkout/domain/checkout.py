"""The life of a checkout: running until it is done, or undoing until it is refused. Pure.

Each record names what may have been begun: `started` covers sealing and holding, `priced` ordering and paying. Every step
is keyed by the checkout's id and every undo leaves a tombstone, so whoever takes over needs no finer record.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from unicodedata import category

from contracts.checkout import CheckoutStatus
from mallkit.errors import Invalid, Refused
from mallkit.times import NEVER, has_come
from svc_checkout.domain.address import Destination
from svc_checkout.domain.receipt import Item, Receipt

FIRST_LOOK, LONGEST_LOOK = 1.0, 10.0
"""Seconds between two questions to payment whether the buyer has acted."""
FINAL = frozenset({CheckoutStatus.DONE, CheckoutStatus.REFUSED})


class Overtaken(Refused):
    """Another process took the checkout over; whoever worked on it stops."""

    slug = "checkout/overtaken"
    title = "Another process has taken this checkout over"


@dataclass(frozen=True)
class Buyer:
    """Who buys."""

    firstname: str
    lastname: str
    email: str


def buyer_of(firstname: str, lastname: str, email: str) -> Buyer:
    """Names without control characters that are not blank, as the contract has it. Raises Invalid, naming the field."""
    for field, value in (("firstname", firstname), ("lastname", lastname)):
        if not value.strip(" \xa0") or any(category(char) == "Cc" for char in value):
            raise Invalid(f"{field} is empty, or has characters that cannot be printed on a label", field=field)
    return Buyer(firstname.strip(), lastname.strip(), email)


NOBODY = Buyer("", "", "")
NOWHERE = Destination("", "", "", "", "")
"""What stays of buyer and destination once the person is forgotten."""


@dataclass(frozen=True)
class Refusal:
    """What the buyer is told: the problem's slug, its sentence, and its facts as JSON."""

    slug: str
    detail: str
    facts: bytes = b"{}"


@dataclass(frozen=True)
class Action:
    """What the buyer has to do, at `url`, before the money can be taken; `since` in seconds since 1970."""

    url: str
    since: float


@dataclass(frozen=True)
class Checkout:
    """`owner` holds the lease until `lease` (seconds since 1970); every step's write compares owner and direction.

    Owners are named `<copy of the service>/<its process>/<the work>`.
    """

    id: str
    user_id: str
    order_id: str
    buyer: Buyer
    destination: Destination
    owner: str
    lease: float
    created: float
    status: CheckoutStatus = CheckoutStatus.RUNNING
    items: tuple[Item, ...] = ()
    receipt: Receipt | None = None
    transaction_id: str = ""
    refusal: Refusal | None = None
    pay_later: bool = False
    """It ends when the order is placed: nobody pays here, and nobody takes the stock."""
    pay_by: str = ""
    """As the order service has told, in RFC 3339."""
    coupon: str = ""
    """Its code, recorded before a use of it is held."""
    currency: str = ""
    """What it is reckoned in; empty for the mall's own."""
    action: Action | None = None
    """It waits for its buyer: nobody works on it, and its lease says when payment is asked the next time."""

    @property
    def final(self) -> bool:
        """Nothing more will happen to it."""
        return self.status in FINAL

    def held_by(self, owner: str, status: CheckoutStatus) -> "Checkout":
        """The checkout, for whoever still works on it in this direction. Raises Overtaken, also where it waits for its buyer."""
        if self.owner != owner or self.status is not status or self.action is not None:
            raise Overtaken
        return self


class Noted:
    """A rule that remembers what came of it, for a write that answers with something else."""

    def __init__(self, rule: Callable[[Checkout], Checkout]) -> None:
        self._rule = rule
        self.after: Checkout | None = None
        """As it was written; None until then."""

    def __call__(self, found: Checkout) -> Checkout:
        """The rule."""
        self.after = self._rule(found)
        return self.after


def priced(checkout: Checkout, owner: str, items: tuple[Item, ...], receipt: Receipt, lease: float) -> Checkout:
    """The cart is sealed and its stock is held; ordering and paying may begin."""
    return replace(checkout.held_by(owner, CheckoutStatus.RUNNING), items=items, receipt=receipt, lease=lease)


def waiting(checkout: Checkout, owner: str, url: str, now: float) -> Checkout:
    """The buyer has to act first. Whoever worked on it lets go of it."""
    running = checkout.held_by(owner, CheckoutStatus.RUNNING)
    return replace(running, action=Action(url, now), lease=now + FIRST_LOOK)


def waits_on(checkout: Checkout, now: float) -> Checkout:
    """The buyer has not acted yet: payment is asked later and later. Raises Overtaken where it waits no longer."""
    if checkout.action is None:
        raise Overtaken
    return replace(checkout, lease=now + min(max((now - checkout.action.since) / 4, FIRST_LOOK), LONGEST_LOOK))


def resumed(checkout: Checkout, owner: str, lease: float) -> Checkout:
    """The buyer has acted, or the time for it is over: the first to know goes on with it. Else raises Overtaken."""
    if checkout.action is None:
        raise Overtaken
    return replace(checkout, action=None, owner=owner, lease=lease)


def done(checkout: Checkout, owner: str, transaction_id: str, pay_by: str = "") -> Checkout:
    """Paid, taken, closed; or placed and closed."""
    running = checkout.held_by(owner, CheckoutStatus.RUNNING)
    return replace(running, status=CheckoutStatus.DONE, transaction_id=transaction_id, pay_by=pay_by, lease=NEVER)


def back(checkout: Checkout, owner: str, refusal: Refusal, lease: float) -> Checkout:
    """The way back begins; the buyer is told this refusal."""
    running = checkout.held_by(owner, CheckoutStatus.RUNNING)
    return replace(running, status=CheckoutStatus.UNDOING, refusal=refusal, lease=lease)


def forward(checkout: Checkout, owner: str, lease: float) -> Checkout:
    """The money was taken after all: the way back turns round."""
    undoing = checkout.held_by(owner, CheckoutStatus.UNDOING)
    return replace(undoing, status=CheckoutStatus.RUNNING, refusal=None, lease=lease)


def refused(checkout: Checkout, owner: str) -> Checkout:
    """Everything is undone."""
    return replace(checkout.held_by(owner, CheckoutStatus.UNDOING), status=CheckoutStatus.REFUSED, lease=NEVER)


def forgotten(checkout: Checkout) -> Checkout:
    """Without who bought and where it went. Only of one that is final."""
    if checkout.buyer == NOBODY and checkout.destination == NOWHERE:
        return checkout
    return replace(checkout, buyer=NOBODY, destination=NOWHERE)


def left_by_the_same(left: str, owner: str) -> bool:
    """Whether the owner's copy of the service has died and was started again since."""
    (copy, _, rest), (mine, _, work) = left.partition("/"), owner.partition("/")
    return bool(rest) and copy == mine and rest.partition("/")[0] != work.partition("/")[0]


def taken_over(checkout: Checkout, owner: str, now: float, seconds: float) -> Checkout:
    """A checkout whose lease has ended, or whose owner has, for a new owner and as many seconds as any lease has.

    Else, and where it waits for its buyer, raises Overtaken.
    """
    is_left = has_come(checkout.lease, now, seconds) or left_by_the_same(checkout.owner, owner)
    if checkout.final or checkout.action is not None or not is_left:
        raise Overtaken
    return replace(checkout, owner=owner, lease=now + seconds)


def renewed(checkout: Checkout, owner: str, lease: float) -> Checkout:
    """A longer lease for who holds it."""
    return replace(checkout.held_by(owner, checkout.status), lease=lease)
