"""The hooks of the schemathesis run with the words for all calls, by subject."""

from tests.journeys import openapi_orders, openapi_persons, openapi_prices

__all__ = ["openapi_orders", "openapi_persons", "openapi_prices"]
