"""`mall up` over real small processes: what it refuses, how it watches, and that it leaves nobody behind."""

import fcntl
import json
import os
import signal
import socket
import stat
import time
import urllib.request
from pathlib import Path

import pytest

from tests.mall.conftest import Folder, is_alive, until


def environment_of(mall: Folder, name: str) -> dict[str, str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{mall.ports[name]}/environment", timeout=5) as answer:
        found: dict[str, str] = json.load(answer)
        return found


def test_all_parts_are_ready_then_ctrl_c_ends_all(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha:1", "beta:2")
    run.until_told("A purchase, to be pasted into a shell")
    pids = mall_up.pids()
    for name in ("gateway", "alpha", "beta"):
        assert any(line.split()[:4] == [name, str(mall_up.ports[name]), str(mall_up.pid(name)), "ready"] for line in run.lines)
    assert run.interrupt() == 0
    assert len(pids) == 3
    assert not any(map(is_alive, pids))
    assert mall_up.pids() == []
    for name in ("gateway", "alpha", "beta"):
        assert "part.stopping" in (mall_up.path / "var" / "logs" / f"{name}.log").read_text()


def test_outer_parts_stop_before_those_they_ask(mall_up: Folder) -> None:
    run = mall_up("gateway:0", "alpha:1", MALL_GATEWAY_DEAF="true", MALL_DRAIN_SECONDS="1.5")
    run.until_told("ready after")
    run.process.send_signal(signal.SIGTERM)
    run.until_told("stopping")
    alpha, asked = mall_up.pid("alpha"), time.monotonic()
    until(lambda: not is_alive(alpha), "alpha stops")
    assert time.monotonic() - asked > 1.4  # the deaf gateway's whole drain time
    assert run.end() == 0


def test_a_part_that_dies_is_named_with_its_last_lines_and_started_again_while_the_others_stay(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha")
    run.until_told("ready after")
    gateway, first = mall_up.pid("gateway"), mall_up.pid("alpha")
    os.kill(first, signal.SIGKILL)
    run.until_told("alpha is back")
    assert f"alpha died: killed by SIGKILL (pid {first}" in run.text
    assert '| {"event": "part.started", "name": "alpha"}' in run.text
    assert mall_up.pid("alpha") != first
    assert mall_up.pid("gateway") == gateway
    assert run.interrupt() == 0


def test_a_part_that_cannot_start_is_tried_again_ever_later(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", MALL_ALPHA_DIES_AT_START="true")
    run.until_told("alpha died: exit code 3", times=3)
    assert '| {"event": "part.cannot", "name": "alpha"}' in run.text
    deaths = [line for line in run.lines if "alpha died" in line]
    assert [line.rpartition("in ")[2].strip() for line in deaths[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert is_alive(mall_up.pid("gateway"))
    assert run.interrupt() == 0


def test_what_is_not_ready_in_time_is_named_and_waited_for(mall_up: Folder) -> None:
    ready = mall_up.path / "now"
    run = mall_up("gateway", "alpha", "--ready-seconds", "0.5", MALL_ALPHA_WAITS_FOR=str(ready))
    run.until_told('alpha is not ready after 0 s (/ready answers 503: {"code": "waits"}); still trying')
    assert "gateway is not ready" not in run.text
    ready.touch()
    run.until_told("the mall is ready")
    assert run.interrupt() == 0


def test_a_part_that_ignores_sigterm_is_killed_after_the_deadline(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", MALL_ALPHA_DEAF="true", MALL_DRAIN_SECONDS="0.1")
    run.until_told("ready after")
    pids = mall_up.pids()
    assert run.interrupt() == 0
    assert "alpha did not end in time and is killed" in run.text
    assert not any(map(is_alive, pids))


def test_a_second_ctrl_c_kills_at_once(mall_up: Folder) -> None:
    run = mall_up("gateway", MALL_GATEWAY_DEAF="true", MALL_DRAIN_SECONDS="60")
    run.until_told("ready after")
    pid = mall_up.pid("gateway")
    run.process.send_signal(signal.SIGINT)
    run.until_told("stopping")
    assert run.interrupt() == 0
    assert not is_alive(pid)


def test_ctrl_c_before_anything_is_ready_leaves_nobody(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", MALL_ALPHA_WAITS_FOR="/nowhere")
    until(lambda: (mall_up.path / "var" / "run" / "alpha.pid").exists(), "alpha is started")
    assert run.interrupt() == 0
    assert mall_up.pids() == []


def test_parts_end_when_the_supervisor_is_killed_and_the_next_start_waits_for_them(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha")
    run.until_told("ready after")
    pids = mall_up.pids()
    run.process.kill()
    again = mall_up("gateway", "alpha")
    until(lambda: not any(map(is_alive, pids)), "the parts end")
    again.until_told("ready after")
    assert again.interrupt() == 0


def test_a_taken_port_is_named_with_its_holder_and_nothing_is_started(mall_up: Folder) -> None:
    mall_up("gateway", "alpha").interrupt()
    with socket.create_server(("127.0.0.1", mall_up.ports["alpha"])):
        run = mall_up("gateway", "alpha")
        assert run.end() == 2
    assert run.text.startswith(f"mall up: port {mall_up.ports['alpha']} (alpha) is taken by ")
    assert f"(pid {os.getpid()})" in run.text
    assert "MALL_ALPHA_PORT" in run.text
    assert len(run.lines) == 1
    assert mall_up.pids() == []


def test_one_port_for_two_parts_is_refused(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", MALL_PORT="18999")
    assert run.end() == 2
    assert "port 18999 is given to both gateway and alpha" in run.text


def test_a_second_mall_on_the_same_data_is_refused_and_names_the_first(mall_up: Folder) -> None:
    first = mall_up("gateway")
    first.until_told("ready after")
    second = mall_up("gateway")
    assert second.end() == 2
    assert f"another `mall up` (pid {first.process.pid}) runs on {mall_up.path / 'var'}" in second.text
    assert is_alive(mall_up.pid("gateway"))
    assert first.interrupt() == 0


def test_a_second_mall_with_other_ports_and_data_runs_beside_the_first(mall_up: Folder, tmp_path: Path) -> None:
    first = mall_up("gateway", "alpha")
    first.until_told("ready after")
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"MALL_GATEWAY_PORT": str(one.getsockname()[1]), "MALL_ALPHA_PORT": str(two.getsockname()[1])}
    second = mall_up("gateway", "alpha", MALL_DATA=str(tmp_path / "other"), **ports)
    second.until_told(f"the mall is ready after")
    mall_up.ports["gateway"] = int(ports["MALL_GATEWAY_PORT"])
    assert environment_of(mall_up, "gateway")["MALL_ALPHA_URL"] == f"http://127.0.0.1:{ports['MALL_ALPHA_PORT']}"
    assert second.interrupt() == 0
    assert first.interrupt() == 0


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("MALL_ALPHA_PROT", "1", "MALL_ALPHA_PROT in the environment is no setting; did you mean MALL_ALPHA_PORT?"),
        ("MALL_ALPHA_PORT", "eight", "MALL_ALPHA_PORT in the environment: 'eight' does not fit"),
        ("MALL_APLHA_PORT", "1", "MALL_APLHA_PORT in the environment is no setting; did you mean MALL_ALPHA_…?"),
        ("MALL_ENV", "prod", "'prod' is no environment: use one of dev, test, online"),
        ("MALL_ALPHA_PORT", "0", "port 0 (alpha) cannot be told to the neighbours"),
        ("MALL_ALPHA_HOST", "192.0.2.1", "(alpha) on 192.0.2.1 cannot be used"),
    ],
)
def test_a_setting_that_is_wrong_stops_the_start_by_name(mall_up: Folder, name: str, value: str, told: str) -> None:
    run = mall_up("gateway", "alpha", **{name: value})
    assert run.end() == 2
    assert told in run.text
    assert len(run.lines) == 1
    assert not (mall_up.path / "var" / "logs" / "gateway.log").exists()


def test_a_data_folder_that_cannot_be_written_is_named(mall_up: Folder) -> None:
    (mall_up.path / "file").touch()
    run = mall_up("gateway", MALL_DATA=str(mall_up.path / "file"))
    assert run.end() == 2
    assert f"the data folder {mall_up.path / 'file'} cannot be written" in run.text


def test_a_part_that_is_not_there_is_named(mall_up: Folder) -> None:
    (mall_up.path / "nobody").mkdir()
    mall_up.ports["nobody"] = 18_998
    run = mall_up("gateway", "nobody")
    assert run.end() == 2
    assert "nobody cannot be started: No module named 'nobody.settings'" in run.text


def test_secrets_are_made_once_for_the_owner_only_and_each_part_gets_its_own(mall_up: Folder) -> None:
    run = mall_up("gateway", "auth", "alpha")
    run.until_told("ready after")
    file = mall_up.path / "var" / "dev-secrets.env"
    first = file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secrets = dict(line.split("=", 1) for line in first.splitlines())
    assert len(set(secrets.values())) == len(secrets) == 5
    alpha, auth = environment_of(mall_up, "alpha"), environment_of(mall_up, "auth")
    assert {name for name in secrets if name in alpha} == {"MALL_ALPHA_CLIENT_SECRET", "MALL_FINGERPRINT_KEY"}
    assert "MALL_AUTH_CLIENTS" not in alpha
    assert dict(pair.split("=", 1) for pair in auth["MALL_AUTH_CLIENTS"].split(",")) == {
        name: secrets[f"MALL_{name}_CLIENT_SECRET".upper()] for name in ("gateway", "auth", "alpha")
    }
    run.interrupt()
    file.chmod(0o644)
    again = mall_up("gateway", "auth", "alpha", "beta")
    again.until_told("ready after")
    assert set(first.splitlines()) < set(file.read_text().splitlines())  # one more for beta, the others unchanged
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(value in again.text + run.text for value in secrets.values())
    again.interrupt()


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


def test_quiet_tells_one_line(mall_up: Folder) -> None:
    run = mall_up("gateway", "--quiet")
    run.until_told("the mall is ready")
    assert len(run.lines) == 1
    run.interrupt()


def test_a_dotenv_in_the_working_directory_is_read_and_the_environment_wins(mall_up: Folder) -> None:
    (mall_up.path / ".env").write_text("MALL_ALPHA_LOG_LEVEL=ERROR\nMALL_CURRENCY=EUR\nOTHER=1\n")
    run = mall_up("gateway", "alpha", MALL_CURRENCY="JPY")
    run.until_told("ready after")
    found = environment_of(mall_up, "alpha")
    assert (found["MALL_ALPHA_LOG_LEVEL"], found["MALL_CURRENCY"], "OTHER" in found) == ("ERROR", "JPY", False)
    run.interrupt()


def test_a_large_log_is_set_aside_at_the_start(mall_up: Folder) -> None:
    log = mall_up.path / "var" / "logs" / "gateway.log"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"x" * 5_000_001)
    run = mall_up("gateway")
    run.until_told("ready after")
    assert log.stat().st_size < 1_000
    assert log.with_suffix(".log.1").stat().st_size == 5_000_001
    run.interrupt()


def test_the_lock_is_not_handed_to_the_parts(mall_up: Folder) -> None:
    run = mall_up("gateway", MALL_GATEWAY_DEAF="true")
    run.until_told("ready after")
    pid = mall_up.pid("gateway")
    run.process.kill()
    run.end()
    with (mall_up.path / "var" / "mall.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    until(lambda: not is_alive(pid), "the part ends")
