"""What stops `mall up` before anything starts: each told by name, with exit code 2."""

import os
import socket
import subprocess
import sys

import pytest

from tests.mall.conftest import ROOT, Folder, is_alive


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


def test_a_secrets_file_that_was_spoilt_is_named(mall_up: Folder) -> None:
    file = mall_up.path / "var" / "dev-secrets.env"
    file.parent.mkdir()
    file.write_text("# kept\nMALL_FINGERPRINT_KEY spoilt\n")
    run = mall_up("gateway")
    assert run.end() == 2
    assert f"{file}, line 2: expected NAME=value" in run.text
    assert "spoilt" not in run.text


def test_packages_that_are_missing_are_named() -> None:
    # -S leaves site-packages out: an interpreter without anything installed.
    words = [sys.executable, "-S", "-m", "mall", "up"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=20)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("mall: missing in ")
    assert ": aiohttp, argon2-cffi, " in ended.stderr
    assert ended.stderr.endswith("`make up` installs what requirements.lock names into .venv\n")
