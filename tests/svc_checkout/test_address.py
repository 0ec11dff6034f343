"""Which addresses, names and cards are read, and which are refused by the name of their field."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout_types import Address, AddressInvalid, CreditCard
from contracts.destinations import ISO_3166, WRITTEN_OUT
from contracts.payment import CardInvalid
from mallkit.errors import Invalid
from svc_checkout.domain import address, card
from svc_checkout.domain.address import Destination
from svc_checkout.domain.checkout import Buyer, buyer_of
from tests.journeys import people

TODAY = (2026, 11)


def sent(**changed: Any) -> Address:
    return msgspec.convert(people.ADDRESS | changed, Address)


@pytest.mark.requirement(128)
def test_an_address_is_read() -> None:
    expected = Destination("1 Infinite Loop", "Cupertino", "CA", "US", "95014")
    assert address.read(sent()) == expected
    assert address.read(sent(zip_code=95014, street_address=" 1 Infinite Loop ")) == expected


@pytest.mark.parametrize(
    ("country", "code"),
    [("us", "US"), (" USA ", "US"), ("United States", "US"), ("中国", "CN"), ("uk", "GB"), ("de", "DE"), ("Taiwan", "TW"), ("NZ", "NZ")],
)
def test_countries_as_people_write_them(country: str, code: str) -> None:
    assert address.read(sent(country=country)).country == code


def test_every_country_written_out_is_a_country() -> None:
    assert set(WRITTEN_OUT.values()) <= ISO_3166
    assert len(ISO_3166) == 249


@pytest.mark.requirement(142)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("street_address", ""), ("street_address", " \t"), ("street_address", "1\nLoop"),
        ("city", ""), ("city", "a\0b"), ("zip_code", " "), ("zip_code", "9\r5"), ("state", "C\x1bA"),
        ("country", ""), ("country", "ZZ"), ("country", "Atlantis"), ("country", "U"), ("country", "ＵＳ"),
    ],
)  # fmt: skip
def test_what_cannot_be_delivered_to_is_named(field: str, value: str) -> None:
    with pytest.raises(AddressInvalid) as refusal:
        address.read(sent(**{field: value}))
    assert refusal.value.facts == {"field": field}
    assert refusal.value.code == 4001004


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_whatever_is_sent_is_read_or_refused_by_name(street: str, city: str, state: str, country: str) -> None:
    try:
        read = address.read(Address(street_address=street, city=city, state=state, country=country, zip_code=0))
    except AddressInvalid as refusal:
        assert refusal.facts["field"]
    else:
        assert read.country in ISO_3166
        assert f"{read.street_address}{read.city}{read.state}".isprintable()


@pytest.mark.requirement(126)
def test_a_buyer_has_names() -> None:
    assert buyer_of(" Ann ", "Ó Súilleabháin", "a@example.org") == Buyer("Ann", "Ó Súilleabháin", "a@example.org")


@pytest.mark.parametrize(("first", "last", "field"), [(" ", "B", "firstname"), ("A", "B\nBcc: x", "lastname"), ("A\0", "B", "firstname")])
def test_names_that_cannot_be_printed_are_named(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        buyer_of(first, last, "a@example.org")
    assert refusal.value.facts == {"field": field}


@pytest.mark.parametrize("number", ["4242424242424242", "4242 4242 4242 4242", "378282246310005", "30569309025904"])
@pytest.mark.parametrize("cvv", ["012", "1234", 12, 0])
def test_cards_that_a_bank_may_accept(number: str, cvv: str | int) -> None:
    card.check(msgspec.convert(people.card(number) | {"credit_card_cvv": cvv}, CreditCard), TODAY)


@pytest.mark.requirement(113, 129)
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("credit_card_number", "4242424242424241"), ("credit_card_number", ""), ("credit_card_number", "0"),
        ("credit_card_number", "4242x24242424242"), ("credit_card_number", "４２４２４２４２４２４２４２４２"),
        ("credit_card_cvv", ""), ("credit_card_cvv", "12"),
        ("credit_card_expiration_month", 0), ("credit_card_expiration_month", 13), ("credit_card_expiration_year", 2025),
    ],
)  # fmt: skip
def test_cards_that_cannot_be_are_named(field: str, value: Any) -> None:
    with pytest.raises(CardInvalid) as refusal:
        card.check(msgspec.convert(people.card() | {field: value}, CreditCard), TODAY)
    assert refusal.value.facts == {"field": field}


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    ends = {"credit_card_expiration_year": 2026, "credit_card_expiration_month": 11}
    mine = msgspec.convert(people.card() | ends, CreditCard)
    card.check(mine, TODAY)
    with pytest.raises(CardInvalid):
        card.check(mine, (2026, 12))
