"""`mall new service NAME`: a service that serves one endpoint through the gateway, in the rooms and lists of this checkout."""
