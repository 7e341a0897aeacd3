"""Resolution beside Avro's Java reference: what its ``GenericDatumReader`` reads of generated data, this codec reads."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from kontrakt.avro import Enum, Record, Schema, named_types, parse
from kontrakt.avro.compatibility import check
from kontrakt.avro.render import closed
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.codec.shapes import Form, Shape
from kontrakt.errors import DecodeError, SchemaErrors

from tests.avro.compatibility.drafts import Written
from tests.avro.compatibility.families import family
from tests.codec.implementations import each_codec, written
from tests.generated.data import Maker
from tests.real.program import java_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kontrakt.codec import MakeCodec, Reader

    from tests.real.program import ForeignProgram
    from tests.real.start import JavaLibraries

COUNT = 5_000
SEED = 11
PROGRAM = Path(__file__).with_name("Resolve.java")


class Telling:
    """Dictionaries and symbols that say of which type they are, so that what looks alike can be told apart."""

    def shape(self, record: Record) -> Shape:
        def make(**fields: Any) -> dict[str, Any]:
            return {"-type": record.fullname, **fields}

        names = tuple(field.name for field in record.fields)
        return Shape(dict, names, Form.DICTIONARY, make, record.fullname)

    def members(self, enum: Enum) -> tuple[type | None, Mapping[str, Any]]:
        return None, {symbol: f"{enum.fullname}:{symbol}" for symbol in enum.symbols}


class Text(Maker):
    """Makes bytes that are text too: Java puts something else for bytes that are not."""

    def _primitive(self, kind: str) -> Any:
        return self._random.choice((b"", b"a", b"xyz")) if kind == "bytes" else super()._primitive(kind)


@dataclass(frozen=True)
class Pair:
    """A writer's and a reader's schema, and data of the writer."""

    writer: Schema
    reader: Schema
    data: list[bytes]


def tree(schema: Written) -> Schema | None:
    """A schema of a family by itself and without logical types, of which Java knows none unless it is told."""
    references: list[Schema] = []
    try:
        for text in schema.references:
            references.append(parse(text, strict=False, references=references))
        whole = closed(parse(schema.schema, strict=False, references=references))
        return parse(json.dumps(without_logical(whole)), strict=False)
    except SchemaErrors:
        return None


def without_logical(schema: Any) -> Any:
    if is_array(schema):
        return [without_logical(inner) for inner in schema]
    if not is_object(schema):
        return schema
    return {
        key: without_logical(inner) for key, inner in schema.items() if key not in ("logicalType", "precision", "scale")
    }


def misread(reader: Schema, writer: Schema) -> bool:
    """Whether Java's own aliases come between the two, so that it puts a default where data is.

    It applies an alias to every type of the writer that has the name, also where the reader has a type of that name; and it applies
    the aliases of fields only to a record of the same full name, although it reads one of the same bare name.
    """
    known, wrote = named_types(reader), named_types(writer)
    for named in known.values():
        if any(alias in known for alias in named.aliases if alias != named.fullname):
            return True
        aliased = isinstance(named, Record) and any(field.aliases for field in named.fields)
        if aliased and any(one.name == named.name and one.fullname != named.fullname for one in wrote.values()):
            return True
    return False


def pairs(random: Random) -> Iterator[Pair]:
    while True:
        schemas = [found for found in map(tree, family(random, 5)) if found is not None]
        for writer in schemas:
            try:
                data = [written(writer, Text(random.getrandbits(32)).datum(writer)) for _ in range(3)]
            except Exception:  # noqa: BLE001 - a record that always contains itself, or a schema that fastavro does not take
                continue
            yield from (Pair(writer, reader, data) for reader in schemas if not misread(reader, writer))


def theirs(program: ForeignProgram, pair: Pair) -> list[bytes | None]:
    """What Java read, written with the reader's schema; None for data that it refused."""
    question = {
        "writer": json.dumps(closed(pair.writer)),
        "reader": json.dumps(closed(pair.reader)),
        "data": [data.hex() for data in pair.data],
    }
    answer: list[str | None] = json.loads(program.ask(json.dumps(question)))
    return [None if data is None else bytes.fromhex(data) for data in answer]


def ours(read: Reader[Any], data: bytes) -> str:
    """What is read, or an empty text."""
    try:
        return repr(read(data, 0))
    except DecodeError:
        return ""


def compare(make: MakeCodec, program: ForeignProgram, count: int, seed: int) -> Counter[str]:
    """Compare, and count the outcomes."""
    outcome: Counter[str] = Counter()
    for pair in pairs(Random(seed)):
        codec = make(pair.reader, Telling())
        compatible = check(pair.reader, pair.writer).compatible
        try:
            read = codec.reader(pair.writer)
        except DecodeError:
            read = refuse
        for data, there in zip(pair.data, theirs(program, pair), strict=True):
            here = ours(read, data)
            wanted = "" if there is None else ours(codec.reader(), there)
            how = "compatible" if compatible else "incompatible"
            same = (
                "both refuse"
                if here == wanted == ""
                else "same"
                if here == wanted
                else "only ours"
                if wanted == ""
                else "only theirs"
                if here == ""
                else "different"
            )
            outcome[f"{how}: {same}"] += 1
            if compatible:
                assert same in ("same", "only ours", "both refuse"), (
                    closed(pair.writer),
                    closed(pair.reader),
                    data.hex(),
                    here,
                    wanted,
                )
        if outcome.total() >= count:
            return outcome
    raise AssertionError


def refuse(_data: bytes, _offset: int) -> Any:
    raise DecodeError("no data can be read")


@each_codec
def test_what_java_reads_is_read(make: MakeCodec, avro_libraries: JavaLibraries) -> None:
    """Of compatible pairs all data, the same; of others, what can be read at all is the same with few exceptions.

    Java reads some data of incompatible pairs that is refused here: an empty array whose items could not be read, a record of a
    union that only looks like the reader's. It refuses some data of compatible pairs that is read here: it takes the branch with
    the writer's full name, even if it cannot read it and another one can.
    """
    with java_program(avro_libraries, PROGRAM) as program:
        outcome = compare(make, program, COUNT, SEED)
    assert outcome["compatible: same"] > COUNT / 4
    assert outcome["compatible: only ours"] < outcome["compatible: same"] / 20
    assert outcome["incompatible: same"] > COUNT / 50
    assert outcome["incompatible: both refuse"] > COUNT / 10
    assert outcome["incompatible: different"] < outcome["incompatible: same"] / 50
