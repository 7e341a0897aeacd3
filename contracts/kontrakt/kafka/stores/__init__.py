"""Where tables keep their rows: in memory, in a file of SQLite, or in a database through SQLAlchemy (:mod:`.sql`)."""

from __future__ import annotations

from .base import Row, RowError, Rows, Store
from .memory import MemoryStore
from .sqlite import SQLiteStore

__all__ = ["MemoryStore", "Row", "RowError", "Rows", "SQLiteStore", "Store"]
