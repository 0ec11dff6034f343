"""Owns checkouts (the saga that buys a cart, or changes nothing), the price book and coupons. Publishes nothing; orders and payments tell
what came of it. Listens to order.paid and order.cancelled, for the uses of coupons.
"""
