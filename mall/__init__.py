"""The `mall` command: the only code that knows all services."""
