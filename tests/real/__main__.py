"""Fetch the real parts ahead of time, or run them by hand.

python -m tests.real fetch [PART...]     everything, or the parts named
python -m tests.real up [SERVER...]      kafka, apicurio3, apicurio2 and postgres until Ctrl-C
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from tests.real.errors import RealPartError
from tests.real.npm import witness
from tests.real.parts import PARTS, fetch, java_for
from tests.real.plugin import BOOTSTRAP_VARIABLE, POSTGRES_VARIABLE, REGISTRY_VARIABLE
from tests.real.postgres import postgres
from tests.real.start import apicurio, kafka

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from types import FrameType

_PARTS = (*PARTS, "npm")
_SERVERS = ("kafka", "apicurio3", "apicurio2", "postgres")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0 when it did its work and 2 when it could not."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.real",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    fetching = commands.add_parser("fetch", help="fetch parts into the cache")
    fetching.add_argument("parts", nargs="*", metavar="PART", help=", ".join(_PARTS))
    upping = commands.add_parser("up", help="start servers until Ctrl-C")
    upping.add_argument("servers", nargs="*", metavar="SERVER", help=", ".join(_SERVERS))
    options = parser.parse_args(arguments)
    if options.command == "fetch":
        return _fetch(_chosen(parser, options.parts, _PARTS))
    try:
        return _up(_chosen(parser, options.servers, _SERVERS))
    except RealPartError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _chosen(parser: argparse.ArgumentParser, names: list[str], known: Collection[str]) -> list[str]:
    if unknown := [name for name in names if name not in known]:
        parser.error(f"unknown: {', '.join(unknown)} (there are {', '.join(known)})")
    return names or list(known)


def _fetch(names: list[str]) -> int:
    """Fetch what can be fetched; every part that cannot is named, not only the first."""
    code = 0
    for name in names:
        try:
            _say(_fetched(name))
        except RealPartError as error:
            sys.stderr.write(f"{error}\n")
            code = 2
    return code


def _fetched(name: str) -> str:
    """Fetch a part, and say where it is and what runs it."""
    if name == "npm":
        found = witness()
        return f"the packages of npm: {found.folder}, run with {found.node}"
    part = PARTS[name]
    folder, java = fetch(part), java_for(part)
    return f"{part.label}: {folder}, run with Java {java.version} in {java.home}"


def _up(names: list[str]) -> int:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with contextlib.ExitStack() as stack:
        for name in names:
            if ended.is_set():
                break
            if name == "kafka":
                broker = stack.enter_context(kafka())
                _say(f"{name}: {BOOTSTRAP_VARIABLE}={broker.bootstrap_servers}")
            elif name == "postgres":
                database = stack.enter_context(postgres())
                _say(f"{name}: {POSTGRES_VARIABLE}={database.url}")
            else:
                registry = stack.enter_context(apicurio(3 if name == "apicurio3" else 2))
                _say(f"{name}: {REGISTRY_VARIABLE}={registry.url}")
        if not ended.is_set():
            _say("Ctrl-C ends them.")
        ended.wait()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
