"""Stripe: PaymentIntents that are confirmed at once and captured by hand."""

from svc_payment.providers.stripe.adapter import ADAPTER as ADAPTER
