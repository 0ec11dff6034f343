"""Owns the account of every order: attempts, captures, refunds, and their double-entry ledger. Publishes payment.captured and
payment.refunded. Keeps no card: brand, last four and a keyed fingerprint at most.
"""
