"""What the services promise each other and the world: types, endpoints, refusals, events. No I/O."""

SERVICES = ("auth", "user", "product", "cart", "checkout", "order", "payment")
"""The services that the gateway routes to; the contract of each is the module of its name."""
