"""The search for cards finds every spelling of a number, and a CVV that is named as one; and nothing where there is nothing."""

import base64
import hashlib
from pathlib import Path

import pytest

from mall.drills.canary import search
from mall.load.cards import Card, Wallet

CARD = Card("4539148803436467", "086")
GROUPS = ("4539", "1488", "0343", "6467")
PLACED = {
    "plain": f"x{CARD.number}9",
    "groups": " ".join(GROUPS),
    "dashes": "-".join(GROUPS),
    "reversed": CARD.number[::-1],
    "hex": CARD.number.encode().hex(),
    "sha256": hashlib.sha256(CARD.number.encode()).hexdigest(),
    "md5": hashlib.md5(CARD.number.encode()).hexdigest(),  # noqa: S324 - looked for, not used
    "a CVV in JSON": '{"cvv": "086"}',
    "a CVV as a number": '"credit_card_cvv":086,',
    "a CVV in words": "CVC=086",
    **{f"base64 at {shift}": base64.b64encode(b"{" * shift + CARD.number.encode() + b"}}").decode() for shift in range(3)},
}


@pytest.mark.parametrize("how", PLACED)
def test_a_written_card_is_found(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "some.log").write_bytes(b"\0\xff" + PLACED[how].encode() + b"\n")
    found = search([tmp_path], [CARD])
    assert [hit.partition(":")[0] for hit in found.hits] == ["logs/some.log"]
    assert (found.files, found.cards) == (1, 1)


def test_what_is_no_card_is_not_found(tmp_path: Path) -> None:
    others = Wallet(3).good
    lines = [*(card.number for card in others), "086", '{"total": 086}', '{"cvv": "087"}', CARD.number[:-1], "cvv: 0861"]
    (tmp_path / "some.log").write_text("\n".join(lines))
    (tmp_path / "empty").touch()
    assert search([tmp_path, tmp_path / "absent"], [CARD]).hits == []
