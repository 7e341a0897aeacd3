"""A store in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from kontrakt.errors import TableInUse

from .base import Row

if TYPE_CHECKING:
    from kontrakt.kafka.topics import EntityView


class MemoryStore:
    """Keeps rows in memory. A table that is given the same one again goes on where the one before stopped."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}
        self._state: str | None = None
        self._open = False
        self._lock = threading.Lock()

    @property
    def shape(self) -> str:
        """Nothing beside keys and values."""
        return ""

    def open(self, topic: type[EntityView[Any, Any]]) -> str | None:
        """Take the store over.

        Args:
            topic: The topic whose entities are kept.

        Raises:
            TableInUse: Another table has it.
        """
        with self._lock:
            if self._open:
                raise TableInUse(f"the store of {topic.topic} is that of another table, which must be closed first")
            self._open = True
            return self._state

    def write(self, rows: Sequence[Row], state: str) -> None:
        """Change rows and the state."""
        with self._lock:
            for row in rows:
                if row.data is None:
                    self._rows.pop(row.id, None)
                else:
                    self._rows[row.id] = row.data
            self._state = state

    def clear(self, state: str) -> None:
        """Remove all rows, and begin with a state."""
        with self._lock:
            self._rows.clear()
            self._state = state

    def get(self, id: bytes) -> bytes | None:  # noqa: A002 - the protocol calls it so
        """The value's bytes of a row, or None."""
        return self._rows.get(id)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """The bytes of all keys and values."""
        with self._lock:
            return iter(list(self._rows.items()))

    def count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def close(self) -> None:
        """Let another table have it. The rows stay."""
        self._open = False
