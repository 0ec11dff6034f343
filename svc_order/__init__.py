"""Owns orders and is the referee of their payment. Publishes order.placed, order.paid, order.cancelled. Listens to payment.refunded."""
