"""From the domain to what the contracts show."""

from contracts import audit
from contracts import cart as contract
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_cart.domain import Cart, Line, Shown


def cart(shown: Shown) -> contract.CartView:
    """The open lines with today's prices; a product that is no longer on sale counts nothing."""
    seen = [shown.faces[line.product_id] for line in shown.cart.lines]
    currency = next((face.unit.currency for face in seen if face.unit is not None), shown.currency)
    total = Money(0, currency)
    items = []
    for line, face in zip(shown.cart.lines, seen, strict=True):
        unit = face.unit or Money(0, currency)
        total += unit * line.quantity
        items.append(
            contract.CartLine(
                product_id=line.product_id,
                name=face.name or line.name,
                quantity=line.quantity,
                unit_price=unit.amount,
                line_total=(unit * line.quantity).amount,
                available=face.unit is not None,
            )
        )
    as_of = min((face.asked for face in seen), default=shown.at)
    return contract.CartView(items=items, total=total.amount, currency=currency, prices_as_of=rfc3339(as_of))


def lines(of: tuple[Line, ...]) -> list[contract.SealedLine]:
    """Without names or prices: whoever buys asks for those again."""
    return [contract.SealedLine(product_id=line.product_id, quantity=line.quantity) for line in of]


def row(found: Cart, revision: int) -> audit.Cart:
    """For the audit."""
    return audit.Cart(
        id=found.id,
        revision=revision,
        sealed="" if found.sealed is None else found.sealed.checkout_id,
        undone=tuple(found.undone),
        closed=tuple(found.closed),
    )
