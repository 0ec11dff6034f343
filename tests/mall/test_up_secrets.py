"""What `mall up` makes for itself on the first start, and where it does not."""

import stat

from tests.mall.conftest import Folder


def test_secrets_are_made_once_for_the_owner_only_and_each_part_gets_its_own(mall_up: Folder) -> None:
    run = mall_up("gateway", "auth", "alpha")
    run.until_told("ready after")
    file = mall_up.path / "var" / "dev-secrets.env"
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secrets = dict(line.split("=", 1) for line in first.splitlines())
    assert len(set(secrets.values())) == len(secrets) == 5
    alpha, auth = mall_up.environment_of("alpha"), mall_up.environment_of("auth")
    assert {name for name in secrets if name in alpha} == {"MALL_ALPHA_CLIENT_SECRET", "MALL_FINGERPRINT_KEY"}
    assert "MALL_AUTH_CLIENTS" not in alpha
    assert dict(pair.split("=", 1) for pair in auth["MALL_AUTH_CLIENTS"].split(",")) == {
        name: secrets[f"MALL_{name}_CLIENT_SECRET".upper()] for name in ("gateway", "auth", "alpha")
    }
    run.interrupt()
    file.chmod(0o644)
    same = mall_up("gateway", "auth", "alpha")
    same.until_told("ready after")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == first
    same.interrupt()
    again = mall_up("gateway", "auth", "alpha", "beta")
    again.until_told("ready after")
    assert set(first.splitlines()) < set(file.read_text().splitlines())  # one more for beta, the others unchanged
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(value in again.text + run.text for value in secrets.values())
    again.interrupt()


def test_test_has_secrets_of_its_own_and_no_demo(mall_up: Folder) -> None:
    notes = mall_up.path / "notes"
    run = mall_up("gateway", f"--catalogue={notes}", MALL_ENV="test")
    run.until_told("stop: Ctrl-C")
    assert run.interrupt() == 0
    assert "demo" not in run.text
    assert not notes.exists()


def test_online_makes_no_secrets_and_has_no_demo(mall_up: Folder) -> None:
    refused = mall_up("gateway", MALL_ENV="online")
    assert refused.end() == 2
    assert "MALL_GATEWAY_CLIENT_SECRET is missing" in refused.text
    assert "MALL_GATEWAY_FINGERPRINT_KEY is missing" in refused.text
    assert not (mall_up.path / "var" / "dev-secrets.env").exists()
    notes = mall_up.path / "notes"
    told = {"MALL_ENV": "online", "MALL_CLIENT_SECRET": "0123456789abcdef", "MALL_FINGERPRINT_KEY": "fedcba9876543210"}
    run = mall_up("gateway", f"--catalogue={notes}", **told)
    run.until_told("stop: Ctrl-C")
    assert run.interrupt() == 0
    assert "demo" not in run.text
    assert not notes.exists()


def test_the_catalogue_is_imported_on_the_first_start_only(mall_up: Folder) -> None:
    notes = mall_up.path / "folder" / "notes"
    failing = mall_up("gateway", f"--catalogue={notes}")
    failing.until_told("the demo catalogue was not imported, the next start tries again")
    failing.until_told("the mall is ready")
    failing.interrupt()
    notes.parent.mkdir()
    for _ in range(2):
        run = mall_up("gateway", f"--catalogue={notes}")
        run.until_told("the mall is ready")
        run.interrupt()
    assert notes.read_text() == f"http://127.0.0.1:{mall_up.ports['gateway']}\n"
