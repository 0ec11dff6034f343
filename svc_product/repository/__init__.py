"""The product service's collections, and what it asks of them in its own words."""
