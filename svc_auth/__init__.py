"""Accounts, sessions and the tokens that say who is calling; publishes the keys and the feed of revoked sessions, listens to nothing."""
