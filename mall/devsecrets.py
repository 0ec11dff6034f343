"""The secrets that dev and test make for themselves: one file in the data folder, made once, readable by its owner only.

It holds NAME=value lines, so that a part can be run by hand: `set -a; . var/dev-secrets.env; set +a`.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from mall.parts import Part
from mallkit.sources import dotenv

FILE = "dev-secrets.env"


def names(parts: Iterable[Part]) -> list[str]:
    """The variables of all secrets that the parts need, besides MALL_AUTH_CLIENTS, which is put together from them."""
    own = (f"MALL_{part.name}_{field}".upper() for part in parts for field in ("client_secret", *part.secrets))
    return ["MALL_FINGERPRINT_KEY", *own]


def keep(folder: Path, needed: Iterable[str], same: Mapping[str, str]) -> dict[str, str]:
    """Every needed secret, those of an earlier start unchanged; `same` maps a name to the one whose value it shares.

    Raises SettingsError when the file holds a line that is no assignment, OSError when it cannot be written.
    """
    path = folder / FILE
    kept = dotenv(path)
    made = {name: kept.get(name) or secrets.token_urlsafe(32) for name in sorted(needed, key=lambda name: name in same)}
    made |= {name: made[origin] for name, origin in same.items() if name in made and origin in made}
    if kept | made != kept:
        _write(path, kept | made)
    path.chmod(0o600)
    return made


def _write(path: Path, values: Mapping[str, str]) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("".join(f"{name}={value}\n" for name, value in sorted(values.items())))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
