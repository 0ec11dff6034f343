"""The rules of the catalogue and its stock. Pure: no clock, no I/O, no framework."""
