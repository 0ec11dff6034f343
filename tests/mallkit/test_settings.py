"""Settings: which source wins, what each mistake is told as, and that secrets are never shown."""

import importlib
from pathlib import Path
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from mall.parts import IMPORTED, PARTS, Part
from mall.plan import OF_THE_COMMAND
from mallkit.settings import Common, Secret, SettingsError, load, secret_fields
from mallkit.sources import ROOT, Sources, dotenv

SECRETS = {"MALL_CLIENT_SECRET": "0123456789abcdef", "MALL_FINGERPRINT_KEY": "fedcba9876543210"}
ENVIRON = {"MALL_ENV": "dev", **SECRETS}


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of a service with a field of each kind."""

    port: int = 8004
    pay_within: float = 900.0
    greets: bool = False
    countries: list[str] = msgspec.field(default_factory=list)
    shipping: dict[str, int] = msgspec.field(default_factory=dict)
    limit: int | None = None
    tries: Annotated[int, Meta(ge=1)] = 3


class Keyed(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With secrets of its own."""

    refresh_key: Secret
    clients: Annotated[dict[str, str], Meta(extra={"secret": True})] = msgspec.field(default_factory=dict)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty conf/dev.toml, which is also the working directory."""
    (tmp_path / "conf").mkdir()
    conf(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def conf(root: Path, text: str) -> None:
    (root / "conf" / "dev.toml").write_text(text)


def settings_of(part: Part) -> type[Common]:
    found: object = importlib.import_module(f"{part.module}.settings").Settings
    assert isinstance(found, type)
    assert issubclass(found, Common)
    return found


def refused(root: Path, /, kind: type[Common] = Settings, **environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(kind, "order", ENVIRON | environ, root)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_each_source_wins_over_the_one_before(root: Path) -> None:
    assert load(Settings, "order", ENVIRON, root).port == 8004
    conf(root, "[common]\nport = 1\n")
    assert load(Settings, "order", ENVIRON, root).port == 1
    conf(root, "[common]\nport = 1\n[order]\nport = 2\n[cart]\nport = 9\n")
    assert load(Settings, "order", ENVIRON, root).port == 2
    (root / ".env").write_text("MALL_PORT=3\n")
    assert load(Settings, "order", ENVIRON, root).port == 3
    (root / ".env").write_text("MALL_PORT=3\nMALL_ORDER_PORT=4\n")
    assert load(Settings, "order", ENVIRON, root).port == 4
    assert load(Settings, "order", ENVIRON | {"MALL_ORDER_PORT": "5"}, root).port == 5
    assert load(Settings, "order", ENVIRON | {"MALL_ORDER_PORT": "5", "MALL_CART_PORT": "6", "MALL_PORT": "7"}, root).port == 5


def test_only_common_fields_are_set_for_all_services_at_once(root: Path) -> None:
    assert load(Settings, "order", ENVIRON | {"MALL_DATA": "/d", "MALL_PAY_WITHIN": "1"}, root).pay_within == 900.0
    conf(root, "[common]\npay_within = 1.0\n")
    assert refused(root) == ["pay_within in [common] of conf/dev.toml is no setting"]


@given(
    port=st.integers(0, 65535),
    limit=st.none() | st.integers(-(2**63), 2**64),
    greets=st.booleans(),
    seconds=st.floats(allow_nan=False, allow_infinity=False),
)
def test_what_is_written_is_read_back(port: int, limit: int | None, greets: bool, seconds: float) -> None:  # noqa: FBT001 — hypothesis
    written = {
        "MALL_ORDER_PORT": str(port),
        "MALL_ORDER_GREETS": str(greets).lower(),
        "MALL_ORDER_PAY_WITHIN": repr(seconds),
        "MALL_ORDER_LIMIT": "null" if limit is None else str(limit),
    }
    read = load(Settings, "order", ENVIRON | written)
    assert (read.port, read.greets, read.pay_within, read.limit) == (port, greets, seconds, limit)


@given(st.lists(st.text("abcXYZ09-_.", min_size=1)), st.dictionaries(st.text("abc", min_size=1), st.integers(0, 9_999)))
def test_lists_and_pairs_are_comma_separated(countries: list[str], shipping: dict[str, int]) -> None:
    written = {"MALL_ORDER_COUNTRIES": " , ".join(countries), "MALL_ORDER_SHIPPING": ",".join(f"{k}={v}" for k, v in shipping.items())}
    read = load(Settings, "order", ENVIRON | written)
    assert (read.countries, read.shipping) == (countries, shipping)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MALL_ORDER_PROT", "1", "MALL_ORDER_PROT in the environment is no setting; did you mean MALL_ORDER_PORT?"),
        ("MALL_ORDER_XYZZY", "1", "MALL_ORDER_XYZZY in the environment is no setting"),
        ("MALL_ORDER_ENV", "dev", "MALL_ORDER_ENV in the environment is no setting"),
        ("MALL_LOG_LEVLE", "INFO", "MALL_LOG_LEVLE in the environment is no setting; did you mean MALL_LOG_LEVEL?"),
        ("MALL_ORDER_PORT", "eight", "MALL_ORDER_PORT in the environment: 'eight' does not fit: Expected `int`, got `str`"),
        ("MALL_ORDER_PORT", "", "MALL_ORDER_PORT in the environment: '' does not fit: Expected `int`, got `str`"),
        ("MALL_PORT", "65536", "MALL_PORT in the environment: 65536 is no port (0 to 65535)"),
        ("MALL_ORDER_PORT", "-1", "MALL_ORDER_PORT in the environment: -1 is no port (0 to 65535)"),
        ("MALL_ORDER_GREETS", "yes", "MALL_ORDER_GREETS in the environment: 'yes' does not fit: Expected `bool`, got `str`"),
        ("MALL_ORDER_PAY_WITHIN", "nan", "MALL_ORDER_PAY_WITHIN in the environment: 'nan' is no number to reckon with"),
        ("MALL_ORDER_TRIES", "0", "MALL_ORDER_TRIES in the environment: '0' does not fit: Expected `int` >= 1"),
        (
            "MALL_ORDER_SHIPPING",
            "US",
            "MALL_ORDER_SHIPPING in the environment: 'US' does not fit: Expected name=value pairs, comma separated",
        ),
        ("MALL_LOG_LEVEL", "LOUD", "MALL_LOG_LEVEL in the environment: 'LOUD' does not fit: Invalid enum value 'LOUD'"),
        ("MALL_CART_URL", "cart:8002", "MALL_CART_URL in the environment: 'cart:8002' is no http URL"),
        ("MALL_CART_URL", "http://a:1,http://b:x", "MALL_CART_URL in the environment: 'http://a:1,http://b:x' is no http URL"),
        ("MALL_CLIENT_SECRET", "short", "MALL_CLIENT_SECRET in the environment: a secret needs at least 16 characters"),
        ("MALL_CLIENT_SECRET", "", "MALL_CLIENT_SECRET in the environment: a secret needs at least 16 characters"),
        ("MALL_ENV", "prod", "MALL_ENV in the environment: 'prod' is no environment: use one of dev, test, online"),
    ],
)
def test_a_variable_that_is_wrong_is_told_by_name(root: Path, name: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(Settings, "order", ENVIRON | {name: value}, root)
    assert caught.value.problems == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[order]\nprot = 1\n", "prot in [order] of conf/dev.toml is no setting; did you mean port?"),
        ("[common]\nhots = 'x'\n", "hots in [common] of conf/dev.toml is no setting; did you mean host?"),
        ("[order]\nport = '8'\n", "port in [order] of conf/dev.toml: '8' does not fit: Expected `int`, got `str`"),
        ("[order]\ngreets = 1\n", "greets in [order] of conf/dev.toml: 1 does not fit: Expected `bool`, got `int`"),
        ("[neighbours]\ncart = 8002\n", "cart in [neighbours] of conf/dev.toml: 8002 is no http URL"),
        ("[order]\nenv = 'test'\n", "env in [order] of conf/dev.toml is no setting"),
    ],
)
def test_a_key_that_is_wrong_is_told_with_its_table_and_file(root: Path, text: str, told: str) -> None:
    conf(root, text)
    assert refused(root) == [told]


def test_files_that_cannot_be_read_are_named(root: Path) -> None:
    conf(root, "port = 1\n")
    assert refused(root) == [f"port in {root}/conf/dev.toml stands outside a table: move it to [common]"]
    conf(root, "[order\n")
    assert refused(root)[0].startswith(f"{root}/conf/dev.toml cannot be read: Expected ']'")
    (root / "conf" / "dev.toml").unlink()
    assert refused(root)[0].startswith(f"{root}/conf/dev.toml cannot be read: ")
    (root / ".env").write_text("MALL_ORDER_REFRESH_KEY hush-hush\n")
    assert refused(root) == [f"{root}/.env, line 1: expected NAME=value"]


def test_an_environment_must_be_named(root: Path) -> None:
    with pytest.raises(SettingsError, match="MALL_ENV is not set: use one of dev, test, online"):
        load(Settings, "order", SECRETS, root)
    assert load(Settings, "order", ENVIRON, root).env == "dev"


def test_all_problems_are_told_at_once(root: Path) -> None:
    conf(root, "[order]\nprot = 1\n")
    assert len(refused(root, Keyed, MALL_ORDER_PORT="eight", MALL_CART_URL="x")) == 4


def test_secrets_have_no_default_and_are_never_repeated(root: Path) -> None:
    assert refused(root, Keyed) == ["MALL_ORDER_REFRESH_KEY is missing: it is a secret that has no default"]
    told = refused(root, Keyed, MALL_ORDER_REFRESH_KEY="hush-hush", MALL_ORDER_CLIENTS="cart=hush-hush")
    assert told == [f"MALL_ORDER_{field} in the environment: a secret needs at least 16 characters" for field in ("REFRESH_KEY", "CLIENTS")]
    told = refused(root, Keyed, MALL_ORDER_REFRESH_KEY="k" * 16, MALL_ORDER_CLIENTS="hush-hush")
    assert told == ["MALL_ORDER_CLIENTS in the environment: the value does not fit: Expected name=value pairs, comma separated"]


def test_settings_do_not_show_their_secrets(root: Path) -> None:
    secrets = {"MALL_ORDER_REFRESH_KEY": "hush-hush-hush-hush", "MALL_ORDER_CLIENTS": "cart=hush-hush-hush-cart"}
    read = load(Keyed, "order", ENVIRON | secrets, root)
    assert read.clients == {"cart": "hush-hush-hush-cart"}
    for shown in (repr(read), str(read), f"{read}"):
        assert "hush" not in shown
        assert SECRETS["MALL_CLIENT_SECRET"] not in shown
        assert "refresh_key=(secret)" in shown
        assert "port=8004" in shown


def test_a_rule_over_several_fields_is_told_too(root: Path) -> None:
    class Ruled(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
        def __post_init__(self) -> None:
            if self.pay_within < self.drain_seconds:
                message = "pay_within must be longer than drain_seconds"
                raise ValueError(message)

    assert refused(root, Ruled, MALL_ORDER_PAY_WITHIN="1") == ["settings of order: pay_within must be longer than drain_seconds"]


def test_neighbours_follow_from_ports_then_addresses_then_variables(root: Path) -> None:
    conf(root, "[cart]\nport = 8002\n[auth]\nport = 8000\n[user]\nport = 1\n[neighbours]\nauth = 'http://auth:8000/'\n")
    found = load(
        Settings, "order", ENVIRON | {"MALL_USER_URL": "http://u1:1, http://u2:2/", "MALL_ORDER_URL": "http://o:3"}, root
    ).neighbours
    assert found == {"cart": "http://127.0.0.1:8002", "auth": "http://auth:8000", "user": "http://u1:1,http://u2:2", "order": "http://o:3"}


def test_other_services_settings_are_theirs(root: Path) -> None:
    conf(root, "[cart]\nlines = 5\n")
    theirs = {"MALL_CART_LINES": "5", "MALL_CART_PORT": "1", "MALL_PAYMENT_CLIENT_SECRET": "x", "MALL_LIFELINE_FD": "3", "PORT": "9"}
    assert load(Settings, "order", ENVIRON | theirs, root).port == 8004


def test_dotenv_reads_what_shells_write(root: Path) -> None:
    (root / ".env").write_text(
        "# a comment\n\nexport A=1\nB='two words # no comment'\nC=\"x\" # said\nD = d=d # comment\nE=\nF=a#b\nG=   # x\n"
    )
    found = dotenv(root / ".env")
    assert found == {"A": "1", "B": "two words # no comment", "C": "x", "D": "d=d", "E": "", "F": "a#b", "G": ""}
    assert dotenv(root / "nothing") == {}


def test_dotenv_may_name_the_environment(root: Path) -> None:
    (root / ".env").write_text("MALL_ENV=dev\n")
    assert load(Settings, "order", SECRETS, root).env == "dev"


@pytest.mark.requirement(202, 203)
@pytest.mark.parametrize("env", ["dev", "test", "online"])
def test_our_own_files_hold_and_know_the_parts_only(env: str) -> None:
    sources = Sources.read({"MALL_ENV": env})
    assert set(sources.tables) <= {"common", "neighbours", "redis", *(part.name for part in PARTS)}
    for part in PARTS:
        secrets = {
            f"MALL_{part.name}_{field}".upper(): "cart=0123456789abcdef"
            for field in secret_fields(settings_of(part)) - {"drill_key", "first_admin_password", "stripe_key"}
        }
        port = sources.given(part.name, "port", common=True)
        read = load(settings_of(part), part.name, {"MALL_ENV": env, **secrets})
        assert read.port == (port.value if port else 8090)
        assert read.redis_url == ("redis://redis:6379" if env == "online" else "")
    assert {"auth", "user", "cart", "product", "order", "payment", "checkout", "gateway"} <= set(sources.neighbours())


@pytest.mark.requirement(12, 18, 26, 32, 40, 121, 144)
def test_the_ports_are_those_of_the_requirements() -> None:
    ports = {name: url.rpartition(":")[2] for name, url in Sources.read({"MALL_ENV": "dev"}).neighbours().items()}
    required = {
        "gateway": "8080",
        "auth": "8000",
        "user": "8001",
        "cart": "8002",
        "product": "8003",
        "order": "8004",
        "payment": "8005",
        "checkout": "8006",
        "bank": "8090",
        "audit": "8095",
    }
    assert ports.items() >= required.items()


@pytest.mark.requirement(204)
def test_the_example_file_names_only_settings_there_are() -> None:
    lines = [line.removeprefix("# ") for line in (ROOT / ".env.example").read_text().splitlines() if line.startswith("# MALL_")]
    assigned = [line.split("=")[0] for line in lines if "=" in line]
    known = {f"MALL_{field}".upper() for field in Common.__struct_fields__} | {f"MALL_{part.name}_URL".upper() for part in PARTS}
    known |= {*OF_THE_COMMAND}
    known |= {f"MALL_{part.name}_{field}".upper() for part in PARTS for field in settings_of(part).__struct_fields__}
    assert set(assigned) <= known
    assert len(assigned) > 10


def test_every_package_of_the_project_is_looked_for_before_the_start() -> None:
    text = (ROOT / "pyproject.toml").read_text().partition("dependencies = [")[2].partition("\n]")[0]
    named = {
        line.strip().strip('",').split("[")[0].split(">")[0].split("=")[0] for line in text.splitlines() if line.strip() and ";" not in line
    }
    assert named == set(IMPORTED)
