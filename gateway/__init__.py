"""The gateway: the one public address. Owns no store; it checks tokens and roles, and sends each request on to the service that serves it."""
