"""The collections of the order service."""
