"""What a ledger says of a load: which answers are final, percentiles, refusals by reason, revenue."""

from mall.load.ledger import Ledger, Purchase, Told, percentile

RECEIPT = {"lines": [], "total": 10.01, "currency": "USD"}


def test_an_answer_is_final_unless_it_may_be_another_one_later() -> None:
    assert [status for status in (0, 200, 202, 401, 402, 404, 409, 429, 500, 503, 504) if Told(status).final] == [200, 402, 404, 409, 429]
    assert not Told(409, "checkout/running", again=True).final


def test_a_percentile_is_a_figure_that_was_measured() -> None:
    figures = [float(each) for each in range(1, 101)]
    assert [percentile(figures, each) for each in (0, 50, 90, 99, 100)] == [1, 51, 91, 100, 100]
    assert percentile([7.0], 99) == 7


def test_the_summary_tells_times_refusals_orders_and_revenue() -> None:
    ledger = Ledger(visits=4, shoppers=["ann", "bob"])
    done = Told(200, json={"order_id": "o1", "transaction_id": "t1", "receipt": RECEIPT})
    declined = Told(402, "checkout/payment-failed")
    for told, took in ((done, 20.0), (declined, 40.0)):
        ledger.note("checkout", took, told)
    ledger.purchases = [
        Purchase("ann", 1, "k1", answers=[done]), Purchase("bob", 1, "k2", answers=[declined]),
        Purchase("ann", 2, "k3", hung_up=True), Purchase("bob", 2, "k4"),
    ]  # fmt: skip
    summary = ledger.summary()
    assert "checkout           2      40.0      40.0      40.0      40.0" in summary
    assert "checkout/payment-failed                  1" in summary
    assert "4 purchases begun: 1 bought, 1 refused, 1 left in the middle, 1 without an answer" in summary
    assert "revenue: 10.01 USD" in summary
    assert "4 visits, 1 bought, 1 refused, 1 open" in ledger.line()


def test_nothing_bought_is_told_as_well() -> None:
    assert "revenue: nothing" in Ledger().summary()
