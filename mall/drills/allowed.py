"""What keeps a drill from being run, each named in one line."""

import os
import shutil
from collections.abc import Mapping

from mall.drills import weather
from mall.drills.play import Drill
from mallkit.settings import DRILLED, SettingsError
from mallkit.sources import Sources


def refusal(environ: Mapping[str, str]) -> str:
    """Why no drill may run; empty if they may."""
    try:
        env = Sources.read(environ, default="dev").env
    except SettingsError as failure:
        return str(failure)
    return "" if env in DRILLED else f"drills run in {' and '.join(DRILLED)} only, MALL_ENV is {env}"


def missing(drill: Drill) -> str:
    """What this machine lacks for the drill; empty for nothing."""
    if "root" in drill.needs and (os.geteuid() or not shutil.which("mount")):
        return "it mounts a small disk: run it as root"
    if "libfaketime" in drill.needs and not weather.faketime():
        return "it needs libfaketime (the package of that name, of Debian or of PyPI)"
    return ""
