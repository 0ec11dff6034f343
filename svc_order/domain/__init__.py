"""The rules of orders. Pure: no clock, no I/O, no framework."""
