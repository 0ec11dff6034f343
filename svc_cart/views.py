"""From the domain to what the contracts show."""

from contracts import audit
from contracts import cart as contract
from contracts.pricing import RateView
from mallkit.money import Money
from mallkit.times import rfc3339
from svc_cart.domain.cart import Cart, Line
from svc_cart.domain.guest import GuestCart, GuestState
from svc_cart.domain.shown import Face, Rate, Shown


def cart(shown: Shown) -> contract.CartView:
    """The open lines with today's prices; a product that is no longer on sale counts nothing. The saved lines beside them."""
    faces, lines, saved, rate = shown.faces, shown.cart.lines, shown.cart.saved, shown.rate
    seen = [faces[line.product_id] for line in (*lines, *saved)]
    own = next((face.unit.currency for face in seen if face.unit is not None), shown.currency)
    nothing = Money(0, own if rate is None else rate.currency)
    total, items, changes = nothing, [], False
    for line in lines:
        face = faces[line.product_id]
        unit = _unit(face, rate)
        items.append(_line(line, face, unit or nothing, rate))
        if unit is not None:
            total += unit * line.quantity
        changes = changes or face.stock < line.quantity or items[-1].price_was is not None
    return contract.CartView(
        items=items,
        total=total.amount,
        currency=nothing.currency,
        prices_as_of=rfc3339(min((face.asked for face in seen), default=shown.at)),
        changes=changes,
        saved=[_line(line, faces[line.product_id], _unit(faces[line.product_id], rate) or nothing, rate) for line in saved],
        rate=None if rate is None else RateView(currency=rate.currency, per_unit=rate.per_unit, as_of=rate.as_of),
    )


def _unit(face: Face, rate: Rate | None) -> Money | None:
    return face.unit if face.unit is None or rate is None else rate.of(face.unit)


def _line(line: Line, face: Face, unit: Money, rate: Rate | None) -> contract.CartLine:
    was = None
    if face.unit is not None and line.currency == face.unit.currency and line.minor != face.unit.minor:
        put_in = Money(line.minor, line.currency)
        was = (put_in if rate is None else rate.of(put_in)).amount
    return contract.CartLine(
        product_id=line.product_id,
        name=face.name or line.name,
        quantity=line.quantity,
        unit_price=unit.amount,
        line_total=(unit * line.quantity).amount,
        available=face.unit is not None,
        price_was=was,
        stock=face.stock,
    )


def merged(shown: Shown, left_out: tuple[Line, ...]) -> contract.MergedView:
    """What did not fit is told as it was called when it was put in."""
    left = [contract.LeftOut(product_id=line.product_id, name=line.name, quantity=line.quantity) for line in left_out]
    return contract.MergedView(cart=cart(shown), left_out=left)


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
        merged=tuple(found.merged),
    )


def guest_row(found: GuestCart, revision: int) -> audit.Guest:
    """For the audit."""
    return audit.Guest(id=found.id, revision=revision, into=found.into, settled=found.state is GuestState.SETTLED)
