"""Carts: one for each user, sealed while a checkout runs, and those of guests. Asks the product service for names, prices and stock;
publishes nothing.
"""
