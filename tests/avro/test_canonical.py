"""Canonical form and fingerprints, beside fastavro's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form
from hypothesis import given, settings
from hypothesis import strategies as st
from kontrakt import avro


@st.composite
def schemas(draw: st.DrawFn) -> Any:
    """Schemas with named types of fresh names."""
    names = iter(range(10_000))
    primitives = st.sampled_from(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])

    def grow(depth: int) -> Any:
        kind = draw(
            st.sampled_from(["primitive", "record", "enum", "fixed", "array", "map"] if depth else ["primitive"])
        )
        match kind:
            case "record":
                fields = [{"name": f"f{n}", "type": grow(depth - 1)} for n in range(draw(st.integers(0, 3)))]
                return {"type": "record", "name": f"R{next(names)}", "namespace": "n.s", "doc": "d", "fields": fields}
            case "enum":
                return {"type": "enum", "name": f"E{next(names)}", "symbols": ["A", "B"]}
            case "fixed":
                return {"type": "fixed", "name": f"F{next(names)}", "size": draw(st.integers(1, 9))}
            case "array":
                return {"type": "array", "items": grow(depth - 1)}
            case "map":
                return {"type": "map", "values": grow(depth - 1)}
            case _:
                return draw(primitives)

    return grow(3)


@given(schemas())
@settings(max_examples=200, deadline=None)
def test_canonical_form_and_fingerprints_are_those_of_fastavro(schema: Any) -> None:
    ours = avro.parse(json.dumps(schema))
    theirs = to_parsing_canonical_form(parse_schema(schema))
    assert ours.canonical == theirs
    assert ours.fingerprint("MD5").hex() == fingerprint(theirs, "MD5")
    assert ours.fingerprint("SHA-256").hex() == fingerprint(theirs, "SHA-256")
    assert ours.fingerprint().hex() == fingerprint(theirs, "CRC-64-AVRO")


@given(schemas())
@settings(max_examples=100, deadline=None)
def test_canonical_form_is_a_fixed_point(schema: Any) -> None:
    canonical = avro.parse(json.dumps(schema)).canonical
    assert avro.parse(canonical).canonical == canonical


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="CRC-64-AVRO"):
        avro.parse('"int"').fingerprint("CRC-32")
