"""`mall import FILE`: reads, checks, sends, and says what happened.

Exit status: 0 done; 1 the file or the mall says no, nothing was changed; 2 the mall is away, or the command line is wrong.
"""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mall.importing.reading import read_file
from mall.importing.row import BadImport, Catalogue
from mall.importing.sending import Gateway, MallAway, send, send_in_pieces
from mall.journey import OPERATOR
from mallkit.errors import Invalid, ShopError


def main(argv: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Runs the command with the arguments after `mall import`; the exit status."""
    wish = _parser().parse_args(argv)
    try:
        catalogue = read_file(wish.file, wish.currency)
        print(f"{wish.file.name}: {_counted(catalogue)}")
        if wish.dry_run:
            print("dry run: nothing was sent")
            return 0
        gateway = Gateway(wish.gateway)
        gateway.log_in(*account_of(wish, environ))
        done = send_in_pieces(gateway, catalogue, wish.pieces) if wish.pieces else send(gateway, catalogue.products, catalogue.categories)
    except BadImport as error:
        for row in error.rows:
            print(f"{wish.file}:{row.line}: {row.reason}", file=sys.stderr)
        print(f"{len(error.rows)} bad rows, nothing was imported", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{wish.file}: {error.strerror}", file=sys.stderr)
        return 1
    except ShopError as error:
        print(f"mall import: {error.detail}", file=sys.stderr)
        return 2 if isinstance(error, MallAway) else 1
    print(f"{done.created} created, {done.updated} updated, {done.unchanged} unchanged")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mall import",
        description="Import a catalogue, all of it or nothing: a Shopify product CSV export or the project's own JSON.",
        epilog="Importing again changes what differs and creates nothing twice. Stock is set only for products that are new: "
        "afterwards the mall's own movements are the truth.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--currency", default="USD", help="of the prices in a CSV file (default: %(default)s)")
    add_account(parser)
    parser.add_argument("--pieces", type=_whole, metavar="N", help="for large files: imports of N products, each all or nothing")
    parser.add_argument("--dry-run", action="store_true", help="only read and check the file")
    return parser


def add_account(parser: argparse.ArgumentParser) -> None:
    """Which mall, and as whom."""
    parser.add_argument("--gateway", default="http://127.0.0.1:8080", metavar="URL")
    parser.add_argument("--email", help="the operator; else MALL_OPERATOR_EMAIL; else, where MALL_ENV is dev, the demo operator")
    parser.add_argument(
        "--password-env", default="MALL_OPERATOR_PASSWORD", metavar="VAR", help="variable with the password; else it is asked"
    )


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _counted(catalogue: Catalogue) -> str:
    left_out = f", {catalogue.left_out} left out because they are not on sale" if catalogue.left_out else ""
    return f"{len(catalogue.products)} products{left_out}"


def account_of(wish: argparse.Namespace, environ: Mapping[str, str]) -> tuple[str, str]:
    """E-mail and password; a password never stands on the command line, where every process could read it. Raises Invalid."""
    email = wish.email or environ.get("MALL_OPERATOR_EMAIL", "")
    password = environ.get(wish.password_env, "")
    if not email and environ.get("MALL_ENV", "dev") == "dev":
        return OPERATOR
    if not email:
        message = "which operator? set MALL_OPERATOR_EMAIL or use --email"
        raise Invalid(message)
    if not password and sys.stdin.isatty():
        password = getpass.getpass(f"Password of {email}: ")
    if not password:
        message = f"no password for {email}: set {wish.password_env}"
        raise Invalid(message)
    return email, password
