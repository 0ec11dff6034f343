"""A purchase is one trace over every service that takes part in it, and tells nothing that it must not."""

import secrets

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from mall.running import Mall
from tests.journeys.collector import Collector, Seen
from tests.journeys.people import ADDRESS, GOOD, order_form
from tests.journeys.world import World

TAKE_PART = {"gateway", "checkout", "cart", "product", "order", "payment", "bank"}

EVENT = "TAKE "
"""How the spans of events that are taken in begin."""


@pytest.fixture(scope="module")
def world(watched: tuple[Mall, Collector]) -> World:
    return World.of(watched[0])


@pytest.fixture(scope="module")
def purchase(world: World, watched: tuple[Mall, Collector]) -> list[Seen]:
    """The spans of one checkout, the client's own being their root's parent."""
    world.bought()  # services have fetched their tokens after this one
    world.fill_cart()
    trace_id, client = secrets.token_hex(16), secrets.token_hex(8)
    told = world.ask("POST", "/api/v1/checkout", order_form(), world.shopper.token, traceparent=f"00-{trace_id}-{client}-01")
    assert told["transaction_id"]
    return watched[1].trace(trace_id, TAKE_PART)


@pytest.mark.requirement(170)
def test_a_purchase_is_one_trace_over_all_services(purchase: list[Seen]) -> None:
    assert {seen.service for seen in purchase} == TAKE_PART
    by_id = {seen.id: seen for seen in purchase}
    roots = [seen for seen in purchase if seen.parent not in by_id]
    assert [(seen.service, seen.span.name) for seen in roots] == [("gateway", "POST /api/v1/checkout")]
    for seen in purchase:
        assert seen.span.start_time_unix_nano <= seen.span.end_time_unix_nano
        if seen.span.kind == Span.SPAN_KIND_SERVER and seen not in roots:
            caller = by_id[seen.parent]
            if seen.span.name.startswith(EVENT):  # its cause is whatever saved the event: nobody called
                assert seen.service != caller.service
                continue
            assert caller.span.kind == Span.SPAN_KIND_CLIENT, seen.span.name
            assert caller.service != seen.service
            asked = {fact.key: fact.value.string_value for fact in caller.span.attributes}["server.address"]
            assert asked == seen.service


@pytest.mark.requirement(170)
def test_its_steps_are_named_by_route(purchase: list[Seen]) -> None:
    served = {(seen.service, seen.span.name) for seen in purchase if seen.span.kind == Span.SPAN_KIND_SERVER}
    assert served >= {
        ("checkout", "POST /api/v1/checkout"),
        ("cart", "POST /internal/carts/{user_id}/seals/{checkout_id}"),
        ("product", "POST /internal/holds/{hold_id}"),
        ("order", "PUT /internal/orders/{order_id}"),
        ("payment", "POST /payment/charge"),
        ("bank", "POST /v1/authorizations"),
        ("bank", "POST /v1/captures"),
    }


@pytest.mark.requirement(170)
def test_a_refusal_has_the_trace_id_of_its_spans(world: World, watched: tuple[Mall, Collector]) -> None:
    heard = world.send("gateway", "GET", "/api/v1/orders/unknown", token=world.shopper.token)
    assert heard.status == 404
    found = watched[1].trace(heard.json["trace_id"], {"gateway", "order"})
    assert {seen.span.name for seen in found if seen.span.kind == Span.SPAN_KIND_SERVER} == {"GET /api/v1/orders/{order_id}"}


def test_no_span_tells_who_bought_or_with_what(world: World, watched: tuple[Mall, Collector], purchase: list[Seen]) -> None:
    assert purchase
    everything = b"".join(watched[1].bodies)
    shopper = world.shopper
    secret = (GOOD, shopper.email, "ann@example.org", shopper.password, shopper.token, shopper.refresh_token, ADDRESS["street_address"])
    assert [text for text in secret if text.encode() in everything] == []
    assert b"/api/v1/checkout" in everything
