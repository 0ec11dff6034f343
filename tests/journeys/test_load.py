"""`mall load`: shoppers who order and pay by themselves, bounded in number, and a summary of what they were told."""

import re
import subprocess
import sys

import pytest

from mall.load import command
from mall.running import ROOT, Mall


def load(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mall", "load", *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.requirement(102)
def test_shoppers_order_and_pay_by_themselves(mall: Mall) -> None:
    told = load(mall.gateway, "--shoppers", "4", "--count", "150", "--rate", "50", "--seed", "2")
    assert told.returncode == 0, told.stdout + told.stderr
    counts = re.search(
        r"150 visits of (\d+) shoppers, (\d+) purchases begun: (\d+) bought, (\d+) refused, (\d+) left .*, 0 without", told.stdout
    )
    assert counts, told.stdout
    people, begun, bought, refused, left = map(int, counts.groups())
    assert people >= 4, "who leaves at the bank's page comes back under another name"
    assert begun == bought + refused + left
    assert bought > 15
    assert refused > 0
    assert re.search(r"^action +count +p50 ms +p90 ms +p99 ms +max ms$", told.stdout, re.MULTILINE)
    for action in ("register", "login", "browse", "search", "look", "picture", "add", "cart", "checkout", "order", "order now", "pay"):
        assert re.search(rf"^{action} +[1-9]", told.stdout, re.MULTILINE), action
    assert "checkout/payment-failed" in told.stdout
    assert re.search(r"revenue: [\d,]+\.\d\d USD", told.stdout)


def test_the_rate_is_a_limit(mall: Mall) -> None:
    told = load(mall.gateway, "--shoppers", "4", "--rate", "5", "--seconds", "2")
    visits = re.search(r"(\d+) visits", told.stdout)
    assert visits
    assert 1 <= int(visits[1]) <= 11
    assert "1 s  " in told.stderr, "progress once a second"


def test_where_nobody_answers_nobody_shops() -> None:
    told = load("http://127.0.0.1:9")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == "mall load: no answer from http://127.0.0.1:9: is the mall up?\n"


@pytest.mark.parametrize(
    ("word", "value"), [("--shoppers", "0"), ("--shoppers", "1001"), ("--rate", "-1"), ("--count", "x"), ("--seconds", "0")]
)
def test_what_cannot_be_is_refused(word: str, value: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([word, value])
    assert ended.value.code == 2
    assert f"argument {word}:" in capsys.readouterr().err
