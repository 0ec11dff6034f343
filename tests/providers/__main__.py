"""`python -m tests.providers`: builds Stripe's own stripe-mock where it is not there yet, and runs the tests of this folder against it.

stripe-mock holds every request against Stripe's published OpenAPI document, and answers with Stripe's own examples; it remembers nothing.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "v0.203.0"
MODULE = f"github.com/stripe/stripe-mock@{VERSION}"
TOOL = ROOT / ".tools" / f"stripe-mock-{VERSION}"
CANNOT_RUN = 2


def main() -> int:
    """The exit status: pytest's, or 2 where stripe-mock cannot be had."""
    if not TOOL.exists() and not build():
        return CANNOT_RUN
    words = [sys.executable, "-m", "pytest", "-n", "0", "tests/providers"]
    return subprocess.run(words, cwd=ROOT, env=os.environ | {"STRIPE_MOCK": str(TOOL)}, check=False).returncode


def build() -> bool:
    """Into the tree, where git does not look."""
    go = shutil.which("go")
    if go is None:
        sys.stderr.write(f"make test-providers needs Go (https://go.dev/dl) on PATH, to build stripe-mock {VERSION}\n")
        return False
    TOOL.parent.mkdir(exist_ok=True)
    built = subprocess.run([go, "install", MODULE], env=os.environ | {"GOBIN": str(TOOL.parent)}, check=False)
    if built.returncode:
        sys.stderr.write(f"stripe-mock {VERSION} could not be built: see above\n")
        return False
    (TOOL.parent / "stripe-mock").replace(TOOL)
    return True


if __name__ == "__main__":
    sys.exit(main())
