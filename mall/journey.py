"""One purchase with curl, to be pasted into a shell as it is: it ends with a paid order and its stock gone."""

SHOPPER = ("shopper@mall.test", "shopper-demo-1")
OPERATOR = ("operator@mall.test", "operator-demo-1")
ADMIN = ("admin@mall.test", "admin-demo-1")
"""Accounts that auth makes in dev, and in dev only."""

_JOURNEY = r"""(
set -euo pipefail
MALL=@MALL@
field() { python3 -c '
import json, sys
text = sys.stdin.read()
try:
    value = json.loads(text)
    for step in sys.argv[1].split("."):
        value = value[int(step) if step.isdigit() else step]
except (KeyError, IndexError, TypeError, ValueError):
    sys.exit("unexpected answer: " + text)
print(value)' "$1"; }
call() { curl -sS -H "Content-Type: application/json" -H "Authorization: Bearer ${TOKEN:-none}" "$@"; }

TOKEN=$(curl -sS "$MALL/api/v1/auth/login" -H "Content-Type: application/json" \
  -d '{"email": "@EMAIL@", "password": "@PASSWORD@"}' | field access_token)
PRODUCT=$(call "$MALL/api/v1/products?in_stock=true" | python3 -c '
import json, sys
found = [p["product_id"] for p in json.load(sys.stdin)["items"] if p["stock"] >= 2]
print(found[0] if found else sys.exit("nothing to buy: is the demo catalogue imported?"))')
BEFORE=$(call "$MALL/api/v1/products/$PRODUCT" | field stock)
call -X DELETE "$MALL/api/v1/cart" >/dev/null
call "$MALL/api/v1/cart/items" -d "{\"product_id\": \"$PRODUCT\", \"quantity\": 2}" | field items.0.quantity >/dev/null
echo "in the cart: 2 x $(call "$MALL/api/v1/cart" | field items.0.name), total $(call "$MALL/api/v1/cart" | field total)"
ORDER=$(call "$MALL/api/v1/checkout" -H "Idempotency-Key: journey-$(date +%s)-$RANDOM" -d '{
  "firstname": "Ann", "lastname": "Example", "email": "@EMAIL@",
  "address": {"street_address": "1 Main Street", "city": "Springfield", "state": "IL", "country": "US", "zip_code": "62701"},
  "credit_card": {"credit_card_number": "4242424242424242", "credit_card_cvv": 123,
                  "credit_card_expiration_year": 2031, "credit_card_expiration_month": 12}}' | field order_id)
echo "order $ORDER: $(call "$MALL/api/v1/orders/$ORDER" | field status)"
echo "stock of $PRODUCT: $BEFORE before, $(call "$MALL/api/v1/products/$PRODUCT" | field stock) now"
)"""


def text(gateway_url: str) -> str:
    """For bash or zsh, with curl and python3; the last two lines it prints are the order's status and the stock."""
    email, password = SHOPPER
    return _JOURNEY.replace("@MALL@", gateway_url).replace("@EMAIL@", email).replace("@PASSWORD@", password)
