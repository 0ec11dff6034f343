"""What the services promise each other and the world: types, endpoints, refusals, events. No I/O."""
