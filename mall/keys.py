"""`mall keys`: another key for signing tokens, while the mall runs and nobody is logged out.

Exit status: 0 done; 2 a refusal that was told.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from mall.plan import MAKES_SECRETS, data_folder
from mallkit.settings import SettingsError
from mallkit.sources import Sources
from mallkit.times import rfc3339
from svc_auth.ringfile import FILE, PUBLISHED_AHEAD, BadRing, TooManyKeys, new_seed, private_key, public_text, read, rotate
from svc_auth.settings import Settings

REFUSED = 2
BY_SETTINGS = (
    "here keys are settings of auth: `mall keys new` makes one, docs/kit/identity.md tells in which order they are given to its copies"
)


def main(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the command with the arguments after `mall keys`; the exit status."""
    wish = _parser().parse_args(argv)
    if wish.command == "new":
        _new()
        return 0
    try:
        path, seconds = _ring(Sources.read(environ, default="dev"))
        if wish.command == "rotate":
            key = rotate(path, time.time(), seconds)
            print(f"key {key.kid} is published now, and signs from {rfc3339(key.since)} on ({PUBLISHED_AHEAD:.0f} s)")
            print(f"the key before it verifies until its last token has ended, {seconds:.0f} s later")
        _list(path, seconds)
    except SettingsError as failure:
        return _refused(*failure.problems)
    except (BadRing, TooManyKeys, OSError) as failure:
        return _refused(str(failure))
    return 0


def _ring(sources: Sources) -> tuple[Path, float]:
    """The file, and how many seconds a token lives. Raises SettingsError where keys come from settings."""
    if sources.env not in MAKES_SECRETS or sources.given("auth", "signing_key", common=False):
        raise SettingsError([BY_SETTINGS])
    given = sources.given("auth", "access_seconds", common=False)
    lives = next(field for field in msgspec.structs.fields(Settings) if field.name == "access_seconds")
    try:
        seconds = msgspec.convert(given.value if given else lives.default, lives.type, strict=False)
    except msgspec.ValidationError as failure:
        raise SettingsError([f"{given.where if given else 'the default'}: {failure}"]) from None
    return data_folder(sources) / FILE, float(seconds)


def _list(path: Path, seconds: float) -> None:
    keys, now = read(path), time.time()
    for key, after in zip(keys, [*keys[1:], None], strict=True):
        print(f"{key.kid}  {_state(key.since, after.since if after else None, now, seconds)}")


def _state(since: float, replaced: float | None, now: float, seconds: float) -> str:
    if since > now:
        return f"published, signs from {rfc3339(since)} on"
    if replaced is None or replaced > now:
        return f"signs since {rfc3339(since)}"
    return f"verifies until {rfc3339(replaced + seconds)}" if replaced + seconds > now else "has ended"


def _new() -> None:
    seed = new_seed()
    print(f"MALL_AUTH_SIGNING_KEY={seed}")
    print(f"# its public half, for MALL_AUTH_VERIFYING_KEYS: {public_text(private_key(seed).public_key())}")


def _refused(*reasons: str) -> int:
    for reason in reasons:
        print(f"mall keys: {reason}", file=sys.stderr)
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mall keys", description="The keys that tokens are signed with.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rotate", help="make another key, in dev and test: published at once, signing a few seconds later")
    commands.add_parser("list", help="which keys there are, in dev and test")
    commands.add_parser("new", help="make a key for the settings, and print it with its public half")
    return parser
