"""Typed objects to Avro and back: kontrakt's codec beside its peers, in one interleaved run.

    python benchmarks/codec.py [--rounds 21] [--seconds 0.05] [--shape order] [--only kontrakt]

Three shapes, whose schemas stand in ``benchmarks/shapes``: a small flat event, an order with ten lines, a wide flat record. Every
contender encodes and decodes the same value. In each round each of them runs once, in a new order; what is shown is the median of
the rounds' ratios to fastavro on plain dictionaries (more is faster), and the median time of a message in microseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib
import importlib.util
import io
import json
import random
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import repeat, starmap
from pathlib import Path
from typing import Any, get_args, get_type_hints
from uuid import UUID

import confluent_kafka.schema_registry
import confluent_kafka.schema_registry.avro
import fastavro
import msgspec
from confluent_kafka.serialization import MessageField, SerializationContext
from kontrakt.codec import MakeCodec, codec_for
from kontrakt.codec.binding import library_of
from kontrakt.codec.framing import frame_prefix
from kontrakt.codec.implementation import IMPLEMENTATION, make_codec
from kontrakt.codec.python import PythonCodec
from kontrakt.settings import Settings
from kontrakt.settings.model import Style
from kontrakt_codegen import run

# Their types are not known to every type checker.
FASTAVRO: Any = fastavro
REGISTRY: Any = confluent_kafka.schema_registry
SERIALIZERS: Any = confluent_kafka.schema_registry.avro

SHAPES = Path(__file__).parent / "shapes"
BASE = "fastavro, dict"


@dataclass(frozen=True)
class Contender:
    """Something that encodes and decodes one value.

    Attributes:
        name: Its name in the table.
        encode: Encodes the value.
        decode: Decodes the value.
    """

    name: str
    encode: Callable[[], Any]
    decode: Callable[[], Any]


def event() -> dict[str, Any]:
    return {
        "event_id": "01HV6Z3Q8Y7N4M2K",
        "occurred_at": 1_714_000_000_123,
        "customer_id": "c-1048576",
        "kind": "order-placed",
        "amount": 129.95,
        "count": 3,
        "active": True,
        "note": "leave it",
    }


def order() -> dict[str, Any]:
    address = {
        "name": "Ada Lovelace",
        "street": "12 St James's Square",
        "postal_code": "SW1Y 4JH",
        "city": "London",
        "country": "GB",
    }
    lines: list[dict[str, Any]] = [
        {
            "line_id": 1000 + n,
            "sku": f"SKU-{n:05}",
            "title": f"Article number {n} of the catalogue",
            "quantity": n + 1,
            "price": Decimal("19.99") + n,
            "discount": 0.1 if n % 3 == 0 else None,
            "tags": ["new", "sale"] if n % 2 else [],
        }
        for n in range(10)
    ]
    return {
        "order_id": UUID("12345678-1234-5678-1234-567812345678"),
        "customer": {"customer_id": "c-1048576", "email": "ada@example.org", "name": "Ada Lovelace", "tier": "GOLD"},
        "ship_to": address,
        "bill_to": address,
        "lines": lines,
        "total": sum((line["price"] for line in lines), Decimal()),
        "payment": ("shapes.Card", {"brand": "VISA", "last_digits": "4242"}),
        "placed_at": dt.datetime(2024, 4, 25, 1, 6, 40, 123000, tzinfo=dt.UTC),
        "deliver_on": dt.date(2024, 4, 29),
        "attributes": {"campaign": "spring", "channel": "web"},
        "weight": 4.25,
        "gift": False,
        "revision": 2,
    }


def wide() -> dict[str, Any]:
    values: list[Any] = [17, 1_714_000_000_123, 0.5, "a text of some length", True, None]
    return {f"field_{n:02}": values[n % 6] for n in range(60)}


VALUES: dict[str, Callable[[], dict[str, Any]]] = {"event": event, "order": order, "wide": wide}


def raw_fastavro(schema: Any, datum: Any, data: bytes) -> Contender:
    parsed = FASTAVRO.parse_schema(schema)
    write, read = FASTAVRO.schemaless_writer, FASTAVRO.schemaless_reader

    def encode() -> bytes:
        out = io.BytesIO()
        write(out, parsed, datum)
        return out.getvalue()

    return Contender(BASE, encode, lambda: read(io.BytesIO(data), parsed, None))


def confluent(schema: Any, datum: Any, data: bytes) -> Contender:
    registry = REGISTRY.SchemaRegistryClient.new_client({"url": "mock://"})
    serializer = SERIALIZERS.AvroSerializer(registry, json.dumps(schema))
    deserializer = SERIALIZERS.AvroDeserializer(registry)
    context = SerializationContext("shapes", MessageField.VALUE)
    framed = serializer(datum, context)
    assert framed is not None
    assert framed[5:] == data
    return Contender(
        "confluent-kafka, dict", partial(serializer, datum, context), partial(deserializer, framed, context)
    )


def dataclasses_avroschema(schema: Any, data: bytes) -> Iterator[Contender]:
    """Its dataclasses, made by its own generator; where it is not installed, a line says so."""
    if importlib.util.find_spec("dataclasses_avroschema") is None:
        print("dataclasses-avroschema is not installed and is left out (pip install dataclasses-avroschema)")
        return
    library: Any = importlib.import_module("dataclasses_avroschema")
    name = "dataclasses_avroschema_models"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"{name}.py"
        with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):  # advice about its own use
            place.write_text(library.ModelGenerator().render(schema=schema))
        sys.modules.pop(name, None)
        spec = importlib.util.spec_from_file_location(name, place)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    model = getattr(module, schema["name"])
    value = model.deserialize(data)
    assert value.serialize() == data
    yield Contender("dataclasses-avroschema", value.serialize, partial(model.deserialize, data))


def class_of(package: str, name: str) -> Any:
    """A generated class."""
    module, _, qualname = importlib.import_module(f"{package}._kontrakt").BUNDLE.types[name].partition(":")
    return getattr(importlib.import_module(module), qualname)


def cavro(schema: Any, data: bytes) -> Iterator[Contender]:
    """Its own classes of records; where it is not installed, a line says so."""
    if importlib.util.find_spec("cavro") is None:
        print("cavro is not installed and is left out (pip install cavro)")
        return
    library: Any = importlib.import_module("cavro")
    codec = library.Schema(schema)
    value = codec.binary_decode(data)
    assert codec.binary_encode(value) == data
    yield Contender("cavro, Record", partial(codec.binary_encode, value), partial(codec.binary_decode, data))


def msgpack(package: str, name: str, data: bytes) -> Contender:
    """The same values as MessagePack through msgspec, which is no Avro: what a codec in C takes for classes that it knows well."""
    kind = class_of(package, name)
    value = codec_for(kind).reader()(data, 0)
    fields: list[tuple[str, Any]] = []
    for field, hint in get_type_hints(kind).items():
        part = getattr(value, field)
        structs = [one for one in get_args(hint) if hasattr(one, "__struct_fields__")]
        fields.append(
            (field, part.__class__ if len(structs) > 1 else hint)
        )  # msgspec takes no unions of untagged Structs
    alike = msgspec.defstruct(name.rpartition(".")[2], fields)
    value = alike(*(getattr(value, field) for field, _ in fields))
    encode, decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(alike).decode
    encoded = encode(value)
    assert decode(encoded) == value
    return Contender("msgspec.msgpack, Struct", partial(encode, value), partial(decode, encoded))


def kontrakt(package: str, name: str, style: str, data: bytes, make: MakeCodec = make_codec) -> Contender:
    """Generated classes through the codec, with Confluent's frame."""
    kind = class_of(package, name)
    library = library_of(kind)
    codec = make(library.schema(name), library)
    read, prefix = codec.reader(), frame_prefix(7)
    framed = prefix + data
    value = read(framed, len(prefix))
    assert codec.encode(value, prefix) == framed
    suffix = " (in Python)" if make is PythonCodec else ""
    return Contender(
        f"kontrakt, {style}{suffix}", partial(codec.encode, value, prefix), partial(read, framed, len(prefix))
    )


@contextlib.contextmanager
def generated() -> Generator[dict[str, str]]:
    """The classes of all shapes: a package for each style."""
    with tempfile.TemporaryDirectory() as folder:
        packages = {style: f"bench_{style}" for style in get_args(Style)}
        for style, package in packages.items():
            output = Path(folder) / style
            run(SHAPES, output, Settings(style=style, package=package))
            sys.path.append(str(output))
        yield packages


def contenders(shape: str, packages: dict[str, str]) -> list[Contender]:
    schema = json.loads((SHAPES / f"{shape}.avsc").read_text())
    datum = VALUES[shape]()
    out = io.BytesIO()
    FASTAVRO.schemaless_writer(out, FASTAVRO.parse_schema(schema), datum)
    data = out.getvalue()
    name = f"shapes.{schema['name']}"
    print(f"{shape}: {len(data)} bytes", flush=True)
    return [
        raw_fastavro(schema, datum, data),
        *(kontrakt(package, name, style, data) for style, package in packages.items()),
        kontrakt(packages["dataclass"], name, "dataclass", data, PythonCodec),
        msgpack(packages["msgspec"], name, data),
        *cavro(schema, data),
        confluent(schema, datum, data),
        *dataclasses_avroschema(schema, data),
    ]


def per_call(call: Callable[[], Any], seconds: float) -> float:
    """Seconds that a call takes, over about so many seconds. The loop is one of C: it takes a tenth of the fastest call."""
    clock, count, spent = time.perf_counter, 1, 0.0
    while True:
        calls = starmap(call, repeat((), count))
        start = clock()
        deque(calls, maxlen=0)
        spent = clock() - start
        if spent >= seconds:
            return spent / count
        count = max(count * 2, int(count * seconds / max(spent, 1e-9)))


def measure(found: list[Contender], rounds: int, seconds: float) -> None:
    """Print a table."""
    times: dict[tuple[str, str], list[float]] = {}
    order = [(one.name, what, getattr(one, what)) for one in found for what in ("encode", "decode")]
    for _ in range(rounds):
        random.shuffle(order)
        for name, what, call in order:
            times.setdefault((name, what), []).append(per_call(call, seconds))
    width = max(len(one.name) for one in found)
    print(f"{'':<{width}}  {'encode':>16}  {'decode':>16}")
    for one in found:
        cells: list[str] = []
        for what in ("encode", "decode"):
            own, base = times[one.name, what], times[BASE, what]
            ratio = statistics.median(b / o for o, b in zip(own, base, strict=True))
            cells.append(f"{ratio:5.2f} {statistics.median(own) * 1e6:7.2f} us")
        print(f"{one.name:<{width}}  {cells[0]:>16}  {cells[1]:>16}")
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--seconds", type=float, default=0.05, help="how long a contender runs in a round")
    parser.add_argument("--shape", choices=VALUES, action="append", help="only this shape")
    parser.add_argument("--only", default="", help="only contenders whose name contains this, and fastavro")
    options = parser.parse_args()
    print(
        f"Python {sys.version.split()[0]}; kontrakt's codec: {IMPLEMENTATION}; {options.rounds} interleaved rounds; ratio to {BASE}, microseconds\n"
    )
    with generated() as packages:
        for shape in options.shape or VALUES:
            found = contenders(shape, packages)
            found = [one for one in found if one.name == BASE or options.only in one.name]
            measure(found, options.rounds, options.seconds)


if __name__ == "__main__":
    main()
