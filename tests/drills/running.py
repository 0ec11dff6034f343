"""`mall drill` as people call it: a process of its own, whose words and exit status count."""

import os
import subprocess
import sys

from mall.running import ROOT


def drilled(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """What it printed, and how it ended."""
    command = [sys.executable, "-m", "mall", "drill", *words]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environ, capture_output=True, text=True, timeout=240, check=False)
