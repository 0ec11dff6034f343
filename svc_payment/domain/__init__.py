"""The rules of payment. Pure: no clock, no I/O, no framework."""
