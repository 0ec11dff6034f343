"""`mall up --copies N`: so many of each service on one machine, each with a port, a log and a name of its own."""

import os
import signal
import socket
import subprocess
import sys

from mall.parts import COPY_APART
from tests.mall.conftest import ROOT, Folder, is_alive


def test_every_copy_has_its_own_port_and_number_and_all_know_all(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", "vault", "redis", "--copies=2")
    run.until_told("stop: Ctrl-C")
    names = ["redis", "gateway", "gateway-2", "alpha", "alpha-2", "vault"]
    shown = [line.split()[:4] for line in run.lines]
    port = mall_up.ports["alpha"]
    assert [row[0] for row in shown if row[3:] == ["ready"] and row[1].isdecimal()] == names
    assert ["alpha-2", str(port + COPY_APART), str(mall_up.pid("alpha-2")), "ready"] in shown
    assert {path.stem for path in (mall_up.path / "var" / "logs").glob("*.log")} == set(names)
    first, second = mall_up.environment_of("alpha"), mall_up.environment_of("alpha-2")
    assert [(told["MALL_ALPHA_PORT"], told["MALL_ALPHA_COPY"]) for told in (first, second)] == [
        (str(port), "1"),
        (str(port + COPY_APART), "2"),
    ]
    own = {"MALL_ALPHA_PORT", "MALL_ALPHA_COPY"}
    assert {name: value for name, value in first.items() if name not in own} == {
        name: value for name, value in second.items() if name not in own
    }
    assert first["MALL_ALPHA_URL"] == f"http://127.0.0.1:{port},http://127.0.0.1:{port + COPY_APART}"
    assert first["MALL_VAULT_URL"] == f"http://127.0.0.1:{mall_up.ports['vault']}"
    pids = mall_up.pids()
    assert run.interrupt() == 0
    assert not any(map(is_alive, pids))


def test_a_copy_that_dies_is_started_again_under_its_own_name(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", "--copies=2")
    run.until_told("ready after")
    first, second = mall_up.pid("alpha"), mall_up.pid("alpha-2")
    os.kill(second, signal.SIGKILL)
    run.until_told("alpha-2 is back")
    assert mall_up.pid("alpha") == first
    assert mall_up.pid("alpha-2") != second
    assert mall_up.environment_of("alpha-2")["MALL_ALPHA_COPY"] == "2"
    assert run.interrupt() == 0


def test_a_port_that_a_copy_needs_and_another_part_has_is_named(mall_up: Folder) -> None:
    mall_up("gateway", "alpha", "beta").interrupt()
    wanted = mall_up.ports["alpha"] + COPY_APART
    run = mall_up("gateway", "alpha", "beta", "--copies=2", MALL_BETA_PORT=str(wanted))
    assert run.end() == 2
    assert run.text == f"mall up: port {wanted} is given to both alpha-2 and beta: set MALL_BETA_PORT\n"
    assert mall_up.pids() == []


def test_a_taken_port_of_a_copy_is_named_with_its_holder(mall_up: Folder) -> None:
    mall_up("gateway", "alpha").interrupt()
    wanted = mall_up.ports["alpha"] + COPY_APART
    with socket.create_server(("127.0.0.1", wanted)):
        run = mall_up("gateway", "alpha", "--copies=2")
        assert run.end() == 2
    assert run.text.startswith(f"mall up: port {wanted} (alpha-2) is taken by ")
    assert f"(pid {os.getpid()}): stop it, or set MALL_ALPHA_PORT\n" in run.text
    assert len(run.lines) == 1


def test_a_port_that_only_the_first_copy_can_have_is_named(mall_up: Folder) -> None:
    run = mall_up("gateway", "alpha", "--copies=2", MALL_ALPHA_PORT="65500")
    assert run.end() == 2
    assert run.text == "mall up: port 65600 (alpha-2) is above 65535: set a lower MALL_ALPHA_PORT\n"


def test_pids_of_copies_that_are_no_more_are_forgotten(mall_up: Folder) -> None:
    left = mall_up.path / "var" / "run" / "alpha-2.pid"
    left.parent.mkdir(parents=True)
    left.write_text("999999999\n")
    run = mall_up("gateway", "alpha")
    run.until_told("ready after")
    assert not left.exists()
    assert run.interrupt() == 0


def test_more_copies_than_a_machine_should_carry_are_refused() -> None:
    words = [sys.executable, "-m", "mall", "up", "--copies", "5"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == 2
    assert "argument --copies: invalid choice: 5 (choose from 1, 2, 3, 4)" in ended.stderr
