"""Folders and disks of a drill."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def remove(folder: Path) -> None:
    """With all that is in it; what processes that are ending still hold may stay."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[None]:
    """A disk of its own in memory, mounted on the folder: needs root. Raises subprocess.CalledProcessError."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)  # noqa: S603, S607 - our own words
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)  # noqa: S603, S607 - as above
