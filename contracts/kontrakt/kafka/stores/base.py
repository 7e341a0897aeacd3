"""What a table asks of a store."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from kontrakt.errors import StoreError

if TYPE_CHECKING:
    from kontrakt.kafka.topics import EntityView

C_contra = TypeVar("C_contra", contravariant=True)
K_contra = TypeVar("K_contra", contravariant=True)
V_contra = TypeVar("V_contra", contravariant=True)

_NAME: Final = 50
"""Databases allow names of 63 characters and more."""


@dataclass(slots=True)
class Row:
    """What is to become of a row.

    Attributes:
        id: The key's bytes as they stand on the topic: Kafka's compaction goes by them, so they are the row's identity.
        data: The value's bytes, in which the id of its schema stands; None when there is no such row any more.
        key: The key.
        value: The value; None when there is no such row any more.
    """

    id: bytes
    data: bytes | None
    key: Any
    value: Any


class RowError(Exception):
    """The caller's own code failed at a row; ``__cause__`` is what it raised.

    Attributes:
        row: The row.
    """

    def __init__(self, row: Row) -> None:
        self.row = row
        super().__init__(row.key)


class Store(Protocol):
    """Where a table keeps its rows, and beside them its state: a text that says how far it has read.

    Whoever writes one of their own needs these methods. Reads come from any thread; the others from one at a time. What goes wrong is
    raised as :class:`~kontrakt.StoreError`.
    """

    @property
    def shape(self) -> str:
        """What is kept beside keys and values, such as columns. A table whose store has another shape than before is built anew."""
        ...

    def open(self, topic: type[EntityView[Any, Any]]) -> str | None:
        """Take the store over, from whoever had it.

        Args:
            topic: The topic whose entities are kept.

        Returns:
            The state that was written last; None when there is none.

        Raises:
            StoreError: It cannot be used.
        """
        ...

    def write(self, rows: Sequence[Row], state: str) -> None:
        """Change rows and the state in one transaction.

        Args:
            rows: The rows, of each key at most one.
            state: The state from now on.

        Raises:
            TableInUse: The store was taken over; nothing was changed.
            RowError: The caller's own code failed at a row; nothing was changed.
            StoreError: Nothing was changed.
        """
        ...

    def clear(self, state: str) -> None:
        """Remove all rows and begin with a state, in one transaction. Also called before the first row is written.

        Args:
            state: The state from now on.

        Raises:
            TableInUse: The store was taken over; nothing was changed.
            StoreError: Nothing was changed.
        """
        ...

    def get(self, id: bytes) -> bytes | None:  # noqa: A002 - it is what the column is called
        """The value's bytes of a row, or None.

        Args:
            id: The key's bytes.
        """
        ...

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """The bytes of all keys and values, as they were at one moment between two transactions."""
        ...

    def count(self) -> int:
        """How many rows there are."""
        ...

    def close(self) -> None:
        """Let go of files and connections. A store that was closed may be opened again."""
        ...


class Rows(Protocol[C_contra, K_contra, V_contra]):
    """The caller's own rows, changed in the transaction in which the table changes.

    ``version`` is a text of the caller's: another one than before builds the table anew.
    """

    @property
    def version(self) -> str:
        """What the rows are made like."""
        ...

    def put(self, connection: C_contra, key: K_contra, value: V_contra) -> None:
        """Write what an entity is from now on.

        Args:
            connection: The connection whose transaction it is; commit nothing.
            key: The entity's key.
            value: The entity.
        """
        ...

    def delete(self, connection: C_contra, key: K_contra) -> None:
        """Remove an entity, if it is there.

        Args:
            connection: The connection whose transaction it is; commit nothing.
            key: The entity's key.
        """
        ...

    def clear(self, connection: C_contra) -> None:
        """Remove all entities: the table begins anew. Also called before the first row is written, so it may create what is needed.

        Args:
            connection: The connection whose transaction it is; commit nothing.
        """
        ...


def taken(store: Store) -> StoreError:
    """The error for a table of the store's name that is somebody else's."""
    return StoreError(
        f"cannot open {store}: there is a table of that name already, which kontrakt did not make; "
        "name another one with table="
    )


def table_name(topic: str) -> str:
    """The name of a table in a database for a topic.

    Args:
        topic: The topic's name on the broker.
    """
    name = f"kontrakt_{re.sub(r'[^0-9a-z]', '_', topic.lower())}"
    if len(name) > _NAME:
        name = f"{name[: _NAME - 9]}_{hashlib.sha256(topic.encode()).hexdigest()[:8]}"
    return name


def shape_of(columns: Iterable[tuple[str, str]], rows: Rows[Any, Any, Any] | None) -> str:
    """The shape of a store with columns and rows of the caller's.

    Args:
        columns: Their names and where their values come from.
        rows: The caller's own rows.
    """
    own = "" if rows is None else f"{type(rows).__qualname__} {rows.version}"
    return " ".join([*(f"{name}={path}" for name, path in columns), own]).strip()


def change_rows(rows: Rows[Any, Any, Any], connection: Any, changed: Sequence[Row]) -> None:
    """Let the caller's own rows follow.

    Raises:
        RowError: The caller's code failed.
    """
    for row in changed:
        try:
            if row.data is None:
                rows.delete(connection, row.key)
            else:
                rows.put(connection, row.key, row.value)
        except Exception as error:
            raise RowError(row) from error
