"""The codecs that all tests of this folder run on, and what they share: fastavro, which reads and writes the same bytes."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import fastavro
import pytest
from kontrakt import avro
from kontrakt.avro.render import closed
from kontrakt.codec.python import PythonCodec
from kontrakt.codec.shapes import PlainTypes

if TYPE_CHECKING:
    from kontrakt.codec import Codec, MakeCodec

FASTAVRO: Any = fastavro
"""Its types are not known to every type checker."""

IMPLEMENTATIONS: dict[str, MakeCodec] = {"python": PythonCodec}
"""Another implementation goes here, and has the same tests."""

try:
    from kontrakt.codec.native import NativeCodec
except ImportError:  # there was no compiler when kontrakt was installed
    pass
else:
    IMPLEMENTATIONS["native"] = NativeCodec

each_codec = pytest.mark.parametrize("make", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
"""Runs a test on every codec, as its argument ``make``."""


def plain(make: MakeCodec, schema: Any) -> Codec[Any]:
    """The codec of a schema without classes: records are dictionaries.

    Args:
        make: The implementation.
        schema: What ``json.loads`` gives.
    """
    return make(tree(schema), PlainTypes())


def tree(schema: Any) -> avro.Schema:
    """The tree of a schema, from what ``json.loads`` gives."""
    return avro.parse(json.dumps(schema) if isinstance(schema, str) else schema, strict=False)


def written(schema: Any, datum: Any) -> bytes:
    """A datum in Avro binary, as fastavro writes it.

    Args:
        schema: What ``json.loads`` gives, or a tree.
        datum: As fastavro takes it.
    """
    out = io.BytesIO()
    parsed = FASTAVRO.parse_schema(closed(schema) if isinstance(schema, avro.Schema) else schema)
    FASTAVRO.schemaless_writer(out, parsed, datum)
    return out.getvalue()


def read(schema: Any, data: bytes) -> Any:
    """What fastavro reads."""
    return FASTAVRO.schemaless_reader(io.BytesIO(data), FASTAVRO.parse_schema(schema), None)


def number(value: int) -> bytes:
    """An int or long in Avro binary."""
    return written("long", value)
