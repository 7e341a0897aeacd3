"""The repositories of an owner and of a consumer, as the tests of pulling need them."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from click.testing import CliRunner
from kontrakt.cli.group import kontrakt

from tests.check.sources.projects import Project

MONEY: Final = {
    "type": "record",
    "namespace": "shop",
    "name": "Money",
    "fields": [{"name": "amount", "type": "long"}, {"name": "currency", "type": "string"}],
}
ORDER_KEY: Final = {
    "type": "record",
    "namespace": "shop",
    "name": "OrderKey",
    "fields": [{"name": "id", "type": "string"}, {"name": "place", "type": "string"}],
}


def order(*more: dict[str, Any], topic: str | None = "shop.orders") -> dict[str, Any]:
    """An entity that uses types of other files, one of them in its key."""
    said: dict[str, Any] = {
        "kind": "entity",
        "name": topic,
        "key": {"schema": "shop.OrderKey"},
        "owner": "order-service",
    }
    return {
        "type": "record",
        "namespace": "shop",
        "name": "Order",
        **({"topic": said} if topic is not None else {}),
        "fields": [
            {"name": "id", "type": "string"},
            {"name": "total", "type": "Money"},
            {"name": "note", "type": "string", "default": ""},
            *more,
        ],
    }


def customer(*more: dict[str, Any]) -> dict[str, Any]:
    """Another entity of the same owner."""
    return {
        "type": "record",
        "namespace": "shop",
        "name": "Customer",
        "topic": {"kind": "entity", "name": "shop.customers", "key": "id", "owner": "customer-service"},
        "fields": [{"name": "id", "type": "string"}, {"name": "balance", "type": "Money"}, *more],
    }


VIEW: Final = {
    "type": "record",
    "namespace": "billing",
    "name": "OrderView",
    "projection": {"of": "shop.Order", "consumer": "billing-service"},
    "fields": [{"name": "id", "type": "string"}, {"name": "note", "type": "string"}],
}


@dataclass(frozen=True)
class Repository(Project):
    """A repository that commands run in."""

    def put(self, path: str, said: Any) -> Path:
        """Writes JSON."""
        return self.write(path, json.dumps(said, indent=2))

    def read(self, path: str) -> Any:
        """The JSON of a file."""
        return json.loads((self.root / path).read_text())

    def run(self, *arguments: str, exits: int = 0, **environment: str) -> str:
        """Runs a command here, and gives what it prints.

        Raises:
            AssertionError: It exits otherwise.
        """
        kept = {name: None for name in os.environ if name.startswith("KONTRAKT_")}
        with contextlib.chdir(self.root):
            done = CliRunner(env={**kept, **environment}).invoke(kontrakt, arguments)
        said = done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), said
        assert done.exit_code == exits, said
        return said

    def files(self, folder: str) -> dict[str, bytes]:
        """What stands in a folder, by path."""
        base = self.root / folder
        return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def owner_in(root: Path) -> Repository:
    """The repository of the owner, with its contracts committed."""
    made = Repository(root)
    made.init()
    made.put("schemas/order.avsc", order())
    made.put("schemas/customer.avsc", customer())
    made.put("schemas/types/money.avsc", MONEY)
    made.put("schemas/types/order_key.avsc", ORDER_KEY)
    made.commit()
    return made
