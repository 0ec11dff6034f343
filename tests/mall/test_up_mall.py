"""The mall itself under `mall up`, from nothing: the journey that it prints is pasted, and the second start finds everything again."""

import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mall.running import NAMES, free_ports
from tests.mall.conftest import ROOT, Run


@contextmanager
def started(folder: Path, ports: dict[str, int]) -> Iterator[Run]:
    variables = {f"MALL_{name}_PORT".upper(): str(port) for name, port in ports.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "mall", "up"],
        cwd=ROOT,
        env=os.environ | {"MALL_ENV": "dev", "MALL_DATA": str(folder), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    run = Run(process)
    try:
        run.until_told("\n)\n")  # the journey's last line
        yield run
    finally:
        assert run.interrupt() == 0


def pasted(told: str) -> list[str]:
    """What the printed journey prints."""
    bash = shutil.which("bash")
    found = re.search(r"^\(\n.*?^\)$", told, flags=re.DOTALL | re.MULTILINE)
    assert bash
    assert found
    ended = subprocess.run([bash, "-c", found[0]], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.requirement(155)
def test_the_printed_journey_ends_with_a_paid_order_and_its_stock_gone(tmp_path: Path) -> None:
    ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    with started(tmp_path, ports) as run:
        assert "imported the demo catalogue: " in run.text
        assert "operator@mall.test / operator-demo-1" in run.text
        for name in NAMES:
            assert re.search(rf"^{name} +{ports[name]} +\d+  ready ", run.text, flags=re.MULTILINE)
        _, order, stock = pasted(run.text)
        assert re.fullmatch(r"order \S+: paid", order)
        before, after = map(int, re.findall(r"(\d+) (?:before|now)", stock))
        assert after == before - 2
    with started(tmp_path, ports) as run:
        assert "imported the demo catalogue" not in run.text
        again = re.findall(r"(\d+) before", pasted(run.text)[2])
        assert again == [str(after)]


@pytest.mark.requirement(211)
def test_it_starts_on_a_machine_that_nobody_prepared(tmp_path: Path) -> None:
    """No home, no locale, no tools on PATH but the system's, another folder with a space in its name."""
    folder = tmp_path / "somebody else's folder"
    folder.mkdir()
    ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    variables = {f"MALL_{name}_PORT".upper(): str(port) for name, port in ports.items()} | {
        "PYTHONPATH": str(ROOT),
        "PATH": "/usr/bin:/bin",
    }
    words = [sys.executable, "-m", "mall", "up"]
    process = subprocess.Popen(words, cwd=folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o077)
    run = Run(process)
    try:
        run.until_told("\n)\n")
        with urllib.request.urlopen(f"http://127.0.0.1:{ports['gateway']}/health", timeout=10) as answer:
            assert answer.status == 200
        assert (folder / "var" / "order.db").is_file()
    finally:
        assert run.interrupt() == 0
