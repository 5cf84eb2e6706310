"""How a benchmark begins and ends as a program."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TypeVar

Row = TypeVar("Row")


def chosen(args: argparse.Namespace, rows: dict[str, Row]) -> dict[str, Row]:
    """Return the rows that --rows picks; none, after saying why, if nothing can be measured."""
    if not os.access(args.binary, os.X_OK):
        print(f"{args.binary} is no program; build it, or name one with --binary", file=sys.stderr)
        return {}
    picked = {name: row for name, row in rows.items() if args.rows.search(name)}
    if not picked:
        print(f"no row matches {args.rows.pattern!r}; rows are: {', '.join(rows)}", file=sys.stderr)
    return picked


def run(main: Callable[[], int]) -> None:
    """Run a program and exit with its code; an interrupt or SIGTERM ends what is under way, too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    begun = time.monotonic()
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    print(f"{time.monotonic() - begun:.0f} s", file=sys.stderr)
    sys.exit(code)
