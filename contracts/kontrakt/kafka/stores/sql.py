"""A store in a database, through SQLAlchemy: the extra ``sql``."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from kontrakt.errors import StoreError, TableInUse

from .base import Row, Rows, change_rows, shape_of, table_name, taken
from .columns import DATA, ID, Column, columns_of, plain_values_of, values_of

if TYPE_CHECKING:
    from kontrakt.kafka.topics import EntityView

_CHUNK: Final = 1000
_TYPES: Final[Mapping[str, sa.types.TypeEngine[Any]]] = {
    "int": sa.Integer(),
    "long": sa.BigInteger(),
    "float": sa.Double(),
    "boolean": sa.Boolean(),
    "bytes": sa.LargeBinary(),
    "date": sa.Date(),
    "time": sa.Time(),
    "timestamp": sa.DateTime(timezone=True),
    "local-timestamp": sa.DateTime(),
    "uuid": sa.Uuid(),
}
_PLAIN: Final = ("int", "long", "float", "boolean", "bytes")
_STATES: Final = sa.Table(
    "kontrakt_tables",
    sa.MetaData(),
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text),
)


class SQLStore:
    """Keeps rows in a database that SQLAlchemy speaks to. A database may hold many tables.

    Tested on PostgreSQL (with psycopg) and on SQLite. Only what every database has is used.

    Args:
        engine: An engine, which stays the caller's, or the URL of a database.
        table: The name of the table; by default that of the topic, with ``kontrakt_`` in front.
        columns: Columns beside the key's and the value's bytes, for queries: the field for each, by its Python name, or one of a
            record inside, such as ``{"email": "email", "city": "address.city"}``.
        rows: The caller's own rows, changed in the same transactions. Their connection is a :class:`sqlalchemy.engine.Connection`.
    """

    def __init__(
        self,
        engine: sa.Engine | str,
        *,
        table: str = "",
        columns: Mapping[str, str] | None = None,
        rows: Rows[sa.Connection, Any, Any] | None = None,
    ) -> None:
        self._theirs = not isinstance(engine, str)
        self._engine = sa.create_engine(engine) if isinstance(engine, str) else engine
        self._named = table
        self._declared = dict(columns or {})
        self._own = rows
        self._values = values_of(())
        self._names: Sequence[str] = ()
        self._table = sa.Table(table or "-", sa.MetaData())
        self._open = False
        self._epoch = 0

    @property
    def shape(self) -> str:
        """Its columns, and the version of the caller's own rows."""
        return shape_of(self._declared.items(), self._own)

    def open(self, topic: type[EntityView[Any, Any]]) -> str | None:
        """Take the table over, from whoever had it.

        Args:
            topic: The topic whose entities are kept.

        Raises:
            TableInUse: This store is that of another table in this process.
            StoreError: The database cannot be used, or a column is wrong.
        """
        if self._open:
            raise TableInUse(f"{self} is that of another table, which must be closed first")
        plain = self._engine.dialect.name == "sqlite"
        columns = columns_of(self._declared, topic.value)
        self._values = (plain_values_of if plain else values_of)(columns)
        self._names = (ID, DATA, *(column.name for column in columns))
        self._table = sa.Table(
            self._named or table_name(topic.topic),
            sa.MetaData(),
            sa.Column(ID, sa.LargeBinary, primary_key=True),
            sa.Column(DATA, sa.LargeBinary, nullable=False),
            *(sa.Column(column.name, _type_of(column, plain=plain)) for column in columns),
        )
        self._open = True
        try:
            with self._told("open"):
                return self._take_over()
        except BaseException:
            self.close()
            raise

    def write(self, rows: Sequence[Row], state: str) -> None:
        """Change rows and the state in one transaction."""
        names, values, table = self._names, self._values, self._table
        there = [
            dict(zip(names, (row.id, row.data, *values(row.value)), strict=True))
            for row in rows
            if row.data is not None
        ]
        with self._told("write to"), self._engine.begin() as connection:
            self._note(connection, state)
            if rows:
                connection.execute(sa.delete(table).where(table.c[ID].in_([row.id for row in rows])))
            if there:
                connection.execute(sa.insert(table), there)
            if self._own is not None:
                change_rows(self._own, connection, rows)

    def clear(self, state: str) -> None:
        """Remove all rows and begin with a state, in one transaction."""
        with self._told("clear"), self._engine.begin() as connection:
            self._note(connection, state)
            if self._has_our_columns(connection):
                connection.execute(sa.delete(self._table))  # which waits for nobody who reads
            else:
                self._table.drop(connection, checkfirst=True)
                self._table.create(connection)
            if self._own is not None:
                self._own.clear(connection)

    def get(self, id: bytes) -> bytes | None:  # noqa: A002 - the protocol calls it so
        """The value's bytes of a row, or None."""
        table = self._table
        with self._told("read"), self._engine.connect() as connection:
            found = connection.execute(sa.select(table.c[DATA]).where(table.c[ID] == id)).scalar_one_or_none()
        return None if found is None else bytes(found)

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """The bytes of all keys and values, as they were when the first was asked for: it is one query."""
        query = sa.select(self._table.c[ID], self._table.c[DATA])
        with self._told("read"), self._engine.connect().execution_options(yield_per=_CHUNK) as connection:
            with connection.execute(query) as found:
                for id_, data in found:
                    yield bytes(id_), bytes(data)

    def count(self) -> int:
        """How many rows there are."""
        with self._told("read"), self._engine.connect() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(self._table)).scalar_one()

    def close(self) -> None:
        """Give the connections back; those of an engine of the caller's stay open."""
        self._open = False
        if not self._theirs:
            self._engine.dispose()

    def __str__(self) -> str:
        return f"the table {self._table.name} in {self._engine.url.render_as_string(hide_password=True)}"

    def _take_over(self) -> str | None:
        """Raise the epoch, so that whoever had the table before can write no more."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        state = self._raise_epoch()
        if state is None and sa.inspect(self._engine).has_table(self._table.name):
            raise taken(self)
        return state

    def _raise_epoch(self) -> str | None:
        mine = _STATES.c.name == self._table.name
        for attempt in (1, 2):  # another process may create the same at the same time
            try:
                _STATES.create(self._engine, checkfirst=True)
                with self._engine.begin() as connection:
                    raised = connection.execute(sa.update(_STATES).where(mine).values(epoch=_STATES.c.epoch + 1))
                    if raised.rowcount != 1:
                        connection.execute(sa.insert(_STATES).values(name=self._table.name, epoch=1))
                    self._epoch, state = connection.execute(
                        sa.select(_STATES.c.epoch, _STATES.c.state).where(mine)
                    ).one()
            except (IntegrityError, OperationalError, ProgrammingError):
                if attempt == 2:
                    raise
            else:
                found: str | None = state
                return found
        raise AssertionError

    def _note(self, connection: sa.Connection, state: str) -> None:
        """Write the state, unless another process has taken the table over."""
        mine = (_STATES.c.name == self._table.name) & (_STATES.c.epoch == self._epoch)
        noted = connection.execute(sa.update(_STATES).where(mine).values(state=state))
        if noted.rowcount != 1:
            raise TableInUse(f"{self} was taken over by another process; give each instance a table of its own")

    def _has_our_columns(self, connection: sa.Connection) -> bool:
        inspector = sa.inspect(connection)
        if not inspector.has_table(self._table.name):
            return False
        there = {one["name"]: one["type"] for one in inspector.get_columns(self._table.name)}
        compiled = connection.dialect
        return {name: kind.compile(compiled) for name, kind in there.items()} == {
            column.name: column.type.compile(compiled) for column in self._table.columns
        }

    @contextmanager
    def _told(self, doing: str) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = str(error.__cause__ or error).strip().partition("\n")[0]
            raise StoreError(f"cannot {doing} {self}: {said}") from error


def _type_of(column: Column, *, plain: bool) -> sa.types.TypeEngine[Any]:
    """The type of a column in the database; SQLite has few, and keeps the others as text."""
    if plain and column.kind not in _PLAIN:
        return sa.Text()
    if column.kind == "decimal":
        assert column.schema.logical is not None
        return sa.Numeric(column.schema.logical.precision, column.schema.logical.scale)
    return _TYPES.get(column.kind) or sa.Text()
