"""Somebody who leaves again: with a profile, addresses and a cancelled order, all of which every service is to forget."""

from mall.load.line import Line

ME = "/api/v1/users/me"
ADDRESS = {"street_address": "1 Main Street", "city": "Springfield", "state": "IL", "country": "US", "zip_code": "62701"}
CARD = {
    "credit_card_number": "4242424242424242",
    "credit_card_cvv": "123",
    "credit_card_expiration_year": 2031,
    "credit_card_expiration_month": 12,
}


async def come_and_go(line: Line, account: dict[str, str], product_id: str) -> None:
    """From the account's opening to its closing."""
    await line.call("", "POST", "/api/v1/auth/register", {**account, "name": "Leaver"})
    tokens = (await line.call("", "POST", "/api/v1/auth/login", account)).json
    fresh = await line.call("", "POST", "/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    line.token = fresh.json["access_token"]
    await line.call("", "GET", ME)
    await line.call("", "PATCH", ME, {"name": "Gone"})
    home = (await line.call("", "POST", f"{ME}/addresses", ADDRESS)).json["address_id"]
    await line.call("", "PUT", f"{ME}/addresses/{home}", ADDRESS | {"label": "Home"})
    await _buy_and_cancel(line, account["email"], product_id)
    await line.call("", "DELETE", f"{ME}/addresses/{home}")
    await line.call("", "DELETE", ME)


async def _buy_and_cancel(line: Line, email: str, product_id: str) -> None:
    """To the default address; a part may be away, then nothing is bought."""
    await line.call("", "POST", "/api/v1/cart/items", {"product_id": product_id, "quantity": 1})
    form = {"firstname": "Leaver", "lastname": "Drill", "email": email, "credit_card": CARD}
    bought = await line.call("", "POST", "/api/v1/checkout", form)
    if bought.ok:
        await line.call("", "PUT", f"/api/v1/orders/{bought.json['order_id']}/cancel", {"reason": "leaving"})
