"""The stores of tables, for tests: each kind in a place of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest
from kontrakt.kafka.stores import MemoryStore, SQLiteStore, Store
from kontrakt.kafka.stores.sql import SQLStore

_LASTING = [
    ("embedded", "sqlite"),
    ("embedded", "sqlalchemy"),
    pytest.param("apicurio3", "postgres", marks=pytest.mark.real),
]
in_databases = pytest.mark.parametrize(("place", "store"), _LASTING, indirect=True)
"""A test runs in each store that outlives a process, and on each broker."""
in_stores = pytest.mark.parametrize(("place", "store"), [("embedded", "memory"), *_LASTING], indirect=True)
"""A test runs in each store, and on each broker."""


class Reopen(Protocol):
    """Makes a store that has what the ones before it had, as a new process would."""

    def __call__(self, **options: Any) -> Store: ...


def reopener(request: pytest.FixtureRequest, kind: str, folder: Path) -> Reopen:
    """How to come to the same store again and again."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    if kind == "memory":
        kept = MemoryStore()
        return lambda **_: kept
    if kind == "sqlite":
        return lambda **options: SQLiteStore(folder / f"{name}.db", **options)
    if kind == "sqlalchemy":
        url = f"sqlite:///{folder / name}.db"
    else:
        url = request.getfixturevalue("postgres_server").url
    made: Callable[..., Store] = SQLStore
    return lambda **options: made(url, table=name, **options)
