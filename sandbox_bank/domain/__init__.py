"""The rules of the sandbox bank. Pure: no clock, no I/O, no card number is kept."""
