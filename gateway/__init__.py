"""The gateway: the one public address. It owns no store; it checks tokens and roles, and sends each request on to its service."""
