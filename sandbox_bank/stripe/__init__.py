"""The sandbox bank speaking Stripe's words over the same books, as much of them as svc_payment speaks. In dev and test only."""
