"""Owns checkouts: the saga that buys a cart, or changes nothing. Publishes nothing; orders and payments tell what came of it."""
