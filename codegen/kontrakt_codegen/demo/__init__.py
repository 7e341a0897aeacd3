"""``kontrakt demo``: five services of the example shop, each in a process of its own, on the embedded parts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import kontrakt
from kontrakt.errors import KontraktError
from kontrakt.registry import register
from kontrakt.settings import Settings

Say = Callable[[str], None]

_PATIENCE: Final = 60.0
_WIDTH: Final = 16


def run(say: Say) -> None:
    """Generate, start the parts, register, and let the services talk.

    Args:
        say: Prints a line.

    Raises:
        KontraktError: A service failed, or did not end in time.
    """
    from kontrakt.contract import load

    from kontrakt_codegen import generate

    schemas = example()
    settings = Settings(schemas=str(schemas))
    contracts = load(schemas, settings)
    with ExitStack() as stack:
        output = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontrakt-demo-")))
        result = generate(contracts, settings, output)
        say(f"generated   {len(result.written)} files from {len(contracts.files)} schemas")
        bus = stack.enter_context(kontrakt.embedded())
        say("started     a broker and a schema registry, in memory")
        say(f"registered  {len(register(contracts, bus.registry))} subjects")
        bus.create_topics(*contracts.topic_names)
        path = os.pathsep.join([str(output), *filter(None, sys.path)])
        environment = os.environ | dict(bus.environment) | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}

        say("\nEntities: customer-service writes, billing-service keeps its own view of them.\n")
        _talk(["customers", "billing"], (), environment, say)
        say(
            "\nEvents and requests: order-service asks for money and tells what happens; payment-service answers, shipping-service packs.\n"
        )
        _talk(["orders", "shipping"], ["payments"], environment, say)
    say("\nEach service is a file in kontrakt_codegen/demo; the contracts are in schemas/.")


def example() -> Path:
    """The folder of the example shop: that of a checkout, or the one that is installed beside this package.

    Raises:
        KontraktError: Neither is there.
    """
    here = Path(__file__)
    for folder in (here.parents[1] / "example", here.parents[3] / "schemas"):
        if folder.is_dir():
            return folder
    raise KontraktError("the schemas of the example shop are missing; install kontrakt again")


def _talk(ending: Iterable[str], serving: Iterable[str], environment: dict[str, str], say: Say) -> None:
    """Runs services until those that end by themselves did; then stops those that serve."""
    with ExitStack() as stack:
        servers = [stack.enter_context(_Service(name, environment, say)) for name in serving]
        for service in [stack.enter_context(_Service(name, environment, say)) for name in ending]:
            service.finish()
        for server in servers:
            server.stop()


class _Service:
    """A service in a process of its own; what it prints is told under its name."""

    def __init__(self, name: str, environment: dict[str, str], say: Say) -> None:
        self._name = name
        self._say = say
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", f"kontrakt_codegen.demo.{name}"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._errors: list[str] = []
        self._readers = [threading.Thread(target=read, daemon=True) for read in (self._relay, self._collect)]
        for reader in self._readers:
            reader.start()

    def _relay(self) -> None:
        for line in self._process.stdout or ():
            self._say(f"  {self._name:<{_WIDTH}}{line.rstrip()}")

    def _collect(self) -> None:
        self._errors.extend(self._process.stderr or ())

    def finish(self) -> None:
        """Waits until it ended by itself."""
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            raise KontraktError(f"the service {self._name} did not end within {_PATIENCE:.0f} s") from None
        for reader in self._readers:
            reader.join(_PATIENCE)
        if code:
            raise KontraktError(f"the service {self._name} failed:\n{''.join(self._errors).rstrip()}")

    def stop(self) -> None:
        """Asks it to end, and waits."""
        self._process.terminate()
        self._process.wait(_PATIENCE)
        for reader in self._readers:
            reader.join(_PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
