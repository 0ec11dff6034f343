"""The journey that `mall up` prints, as it is printed: its JSON fits the contracts, and it fails loudly when the mall is away."""

import json
import re
import shutil
import socket
import subprocess

import msgspec

from contracts import auth, cart, checkout, order, product
from mall import journey
from mallkit.endpoint import endpoints_of


def free_url() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def bodies(text: str) -> list[object]:
    """What the journey sends, in order."""
    found = re.findall(r"-d '(.+?)'", text, flags=re.DOTALL) + re.findall(r'-d "(.+?)" \|', text)
    return [json.loads(body.replace('\\"', '"').replace("$PRODUCT", "p1")) for body in found]


def test_what_it_sends_fits_the_contracts() -> None:
    login, purchase, item = bodies(journey.text(free_url()))
    assert msgspec.convert(login, auth.Login).email == journey.SHOPPER[0]
    assert msgspec.convert(purchase, checkout.Checkout).credit_card.credit_card_number == "4242424242424242"
    assert msgspec.convert(item, cart.AddItem).quantity == 2


def test_every_path_it_calls_is_declared() -> None:
    declared = {endpoint.path for contract in (auth, cart, checkout, order, product) for endpoint in endpoints_of(contract).values()}
    called = re.findall(r'"\$MALL([^"?]+)', journey.text(free_url()))
    shapes = {re.sub(r"\$(PRODUCT|ORDER)", lambda match: f"{{{match[1].lower()}_id}}", path) for path in called}
    assert len(shapes) == 7
    assert shapes <= declared


def test_it_fails_and_says_why_when_the_mall_is_away() -> None:
    bash = shutil.which("bash")
    assert bash
    words = [bash, "-c", journey.text(free_url())]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode != 0
    assert "Failed to connect" in ended.stderr
    assert ended.stdout == ""
