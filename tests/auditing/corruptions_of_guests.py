"""Ways to break guests' carts on paper, as `corruptions` has them for everything else."""

from collections.abc import Callable

from msgspec.structs import replace

from contracts.audit import Cart
from tests.auditing.model import Paper, Purchase


def merged_twice(paper: Paper, bought: Purchase) -> str:
    paper.books.carts["another"] = Cart(id="another", revision=1, merged=(bought.guest,))
    return bought.guest


def merged_for_another(paper: Paper, bought: Purchase) -> str:
    paper.books.guests[bought.guest] = replace(paper.books.guests[bought.guest], into="another")
    return bought.guest


def merged_and_still_open(paper: Paper, bought: Purchase) -> str:
    paper.books.guests[bought.guest] = replace(paper.books.guests[bought.guest], into="", settled=False)
    return bought.guest


def merged_into_nothing(paper: Paper, bought: Purchase) -> str:
    cart = paper.books.carts[bought.user]
    paper.books.carts[bought.user] = replace(cart, merged=tuple(each for each in cart.merged if each != bought.guest))
    return bought.guest


def closed_for_ever(paper: Paper, bought: Purchase) -> str:
    paper.books.guests[bought.guest] = replace(paper.books.guests[bought.guest], settled=False)
    return bought.guest


OF_GUESTS: dict[Callable[[Paper, Purchase], str], str] = {
    merged_twice: "guest-once",
    merged_for_another: "guest-once",
    merged_and_still_open: "guest-once",
    merged_into_nothing: "guest-once",
    closed_for_ever: "guest-settled",
}
"""What breaks a purchase whose buyer came as a guest, and the invariant that it violates."""
