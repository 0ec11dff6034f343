"""Carts: one for each user, sealed while a checkout runs. Asks the product service for names and prices; publishes nothing."""
