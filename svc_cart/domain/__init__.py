"""The rules of carts. Pure: no clock, no I/O, no framework."""
