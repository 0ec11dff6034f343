"""How a hook of the schemathesis run puts words into a request: into the places of its path, or into its body."""

from collections.abc import Callable
from typing import Any

from schemathesis import Case

Json = Any


def path(**values: Callable[[], str]) -> Callable[[Case[Any]], None]:
    """Fills places of the path."""

    def fill(case: Case[Any]) -> None:
        case.path_parameters = {name: make() for name, make in values.items()}

    return fill


def both(*fills: Callable[[Case[Any]], None]) -> Callable[[Case[Any]], None]:
    def fill(case: Case[Any]) -> None:
        for each in fills:
            each(case)

    return fill


def body(**values: Callable[[], Json]) -> Callable[[Case[Any]], None]:
    """Sets fields of the body."""

    def fill(case: Case[Any]) -> None:
        if isinstance(case.body, dict):
            case.body = {**case.body, **{name: make() for name, make in values.items()}}

    return fill


def without(*names: str) -> Callable[[Case[Any]], None]:
    """Takes optional fields out of the body, whose invented value could only be refused."""

    def fill(case: Case[Any]) -> None:
        if isinstance(case.body, dict):
            case.body = {name: value for name, value in case.body.items() if name not in names}

    return fill
