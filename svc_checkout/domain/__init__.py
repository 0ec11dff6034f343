"""The rules of checkout. Pure: no clock, no I/O, no framework."""
