"""For all tests: the longest begin first, so that the workers end together; no example of hypothesis is late on a busy machine."""

import pytest
from hypothesis import settings

settings.register_profile("mall", deadline=None)
settings.load_profile("mall")

LONGEST_FIRST = ("test_kills.py", "test_openapi.py", "test_roles.py", "test_bad_input.py", "test_up_mall.py", "test_races.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))  # stable: the others stay as they were
