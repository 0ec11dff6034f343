"""`mall up` over real small processes: how it watches them, and that it leaves nobody behind."""

import os
import shutil
import signal
import socket
import time
from pathlib import Path

from tests.mall.conftest import Folder, is_alive, until


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
    run = mall_up("gateway:0", "alpha:1", "--kill-after=0.5", MALL_GATEWAY_DEAF="true", MALL_DRAIN_SECONDS="1")
    run.until_told("ready after")
    run.process.send_signal(signal.SIGTERM)
    run.until_told("stopping")
    alpha, asked = mall_up.pid("alpha"), time.monotonic()
    until(lambda: not is_alive(alpha), "alpha stops")
    assert time.monotonic() - asked > 0.9  # the deaf gateway's whole drain time
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
    run.until_told("alpha starts again", times=3)
    assert '| {"event": "part.cannot", "name": "alpha"}' in run.text
    assert run.text.count("alpha died: exit code 3") >= 3
    pauses = [line for line in run.lines if "alpha starts again" in line]
    assert [line.rpartition("in ")[2].strip() for line in pauses[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert is_alive(mall_up.pid("gateway"))
    assert run.interrupt() == 0


def test_what_is_not_ready_in_time_is_named_and_waited_for(mall_up: Folder) -> None:
    ready = mall_up.path / "now"
    run = mall_up("gateway", "alpha", "--ready-seconds=2", MALL_ALPHA_WAITS_FOR=str(ready))
    run.until_told('alpha is not ready after 2 s (/ready answers 503: {"code": "waits"}); still trying')
    assert "gateway is not ready" not in run.text
    ready.touch()
    run.until_told("the mall is ready")
    assert run.interrupt() == 0


def test_a_part_that_ignores_sigterm_is_killed_after_the_deadline(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", "--kill-after=0.2", MALL_ALPHA_DEAF="true", MALL_DRAIN_SECONDS="0.1")
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
    until((mall_up.path / "var" / "run" / "alpha.pid").exists, "alpha is started")
    assert run.interrupt() == 0
    assert mall_up.pids() == []


def test_parts_end_when_the_supervisor_is_killed(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", MALL_GATEWAY_DEAF="true")
    run.until_told("ready after")
    pids = mall_up.pids()
    run.process.kill()
    until(lambda: not any(map(is_alive, pids)), "the parts end")


def test_parts_of_a_killed_supervisor_that_still_drain_are_waited_for(mall_up: Folder) -> None:
    drained = mall_up.path / "drained"
    run = mall_up("gateway", "alpha", MALL_ALPHA_LINGERS_UNTIL=str(drained))
    run.until_told("ready after")
    run.process.kill()
    run.end()
    again = mall_up("gateway", "alpha")
    again.until_told("waiting for parts of an earlier `mall up` to end: ")
    drained.touch()
    again.until_told("ready after")
    assert again.interrupt() == 0


def test_a_second_mall_with_other_ports_and_data_runs_beside_the_first(mall_up: Folder, tmp_path: Path) -> None:
    first = mall_up("gateway", "alpha")
    first.until_told("ready after")
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = {"MALL_GATEWAY_PORT": str(one.getsockname()[1]), "MALL_ALPHA_PORT": str(two.getsockname()[1])}
    second = mall_up("gateway", "alpha", MALL_DATA=str(tmp_path / "other"), **ports)
    second.until_told("the mall is ready after")
    mall_up.ports["gateway"] = int(ports["MALL_GATEWAY_PORT"])
    assert mall_up.environment_of("gateway")["MALL_ALPHA_URL"] == f"http://127.0.0.1:{ports['MALL_ALPHA_PORT']}"
    assert second.interrupt() == 0
    assert first.interrupt() == 0


def test_a_part_is_started_again_even_if_its_folder_is_removed(mall_up: Folder) -> None:
    run = mall_up("gateway")
    run.until_told("ready after")
    pid = mall_up.pid("gateway")
    shutil.rmtree(mall_up.path / "var")
    os.kill(pid, signal.SIGKILL)
    run.until_told("gateway is back")
    assert run.interrupt() == 0


def test_quiet_tells_one_line(mall_up: Folder) -> None:
    run = mall_up("gateway", "--quiet")
    run.until_told("the mall is ready")
    assert len(run.lines) == 1
    run.interrupt()


def test_a_dotenv_in_the_working_directory_is_read_and_the_environment_wins(mall_up: Folder) -> None:
    (mall_up.path / ".env").write_text("MALL_ALPHA_LOG_LEVEL=ERROR\nMALL_CURRENCY=EUR\nOTHER=1\n")
    run = mall_up("gateway", "alpha", MALL_CURRENCY="JPY")
    run.until_told("ready after")
    found = mall_up.environment_of("alpha")
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
