"""Settings that no mall can run with, though each is of its type: refused by name at the start."""

import pytest

from mallkit.settings import Common, SettingsError, load
from mallkit.sources import Sources, is_neighbour

SECRETS = {"MALL_CLIENT_SECRET": "c" * 32, "MALL_FINGERPRINT_KEY": "f" * 32}
KEY = "a-key-for-drills-only"


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of some service."""

    port: int = 8003


def read(env: str, **environ: str) -> Settings:
    return load(Settings, "product", {"MALL_ENV": env, **SECRETS, **environ})


@pytest.mark.parametrize(
    ("field", "value"),
    [("currency", "XXX"), ("max_body", "-1"), ("max_in_flight", "-1"), ("drain_seconds", "-2"), ("redis_url", "localhost:6379")],
)
def test_a_value_that_no_mall_can_run_with_stops_the_start(field: str, value: str) -> None:
    with pytest.raises(SettingsError, match=field):
        read("test", **{f"MALL_{field}".upper(): value})


@pytest.mark.parametrize("url", ["redis://:pass-word@localhost:6379", "rediss://me:pass-word@localhost"])
def test_a_password_in_the_url_of_redis_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="redis_url: its password belongs into MALL_REDIS_PASSWORD") as refused:
        read("dev", MALL_REDIS_URL=url)
    assert "pass-word" not in str(refused.value)


def test_drills_have_a_key_in_dev_and_test_only() -> None:
    assert read("dev", MALL_DRILL_KEY=KEY).drill_key == read("test", MALL_DRILL_KEY=KEY).drill_key == KEY
    with pytest.raises(SettingsError, match="drill_key: there are no drills in online"):
        read("online", MALL_DRILL_KEY=KEY)
    with pytest.raises(SettingsError, match="at least 16 characters"):
        read("dev", MALL_DRILL_KEY="short")


def test_redis_is_no_neighbour_but_common_to_all() -> None:
    told = {"MALL_REDIS_URL": "redis://redis.example:6379", "MALL_REDIS_PASSWORD": "p" * 16, "MALL_REDIS_PORT": "6380"}
    found = read("dev", **told)
    assert (found.redis_url, found.redis_password) == (told["MALL_REDIS_URL"], told["MALL_REDIS_PASSWORD"])
    assert "redis" not in found.neighbours
    assert [is_neighbour(f"MALL_{name}_URL") for name in ("BANK", "REDIS", "BANK_WEBHOOK")] == [True, False, False]
    assert "redis" not in Sources.read({"MALL_ENV": "dev"}).neighbours()
    assert "p" * 16 not in repr(found)
