"""Bytes that fastavro wrote come back the same from every generated type, in every style."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import kontrakt
from kontrakt.avro import Record
from kontrakt.codec.bundle import Bundle, Style
from kontrakt.contract import Contracts
from tests.generated.data import Maker, written

SEEDS = range(15)
AMBIGUOUS = "tricky.Ambiguous"
"""Its unions have branches that are one type in Python: which of them a value came from is lost, the value is not."""


def bundle(style: Style) -> Bundle:
    found: Bundle = importlib.import_module(f"tricky_{style.value}._kontrakt").BUNDLE
    return found


def class_of(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def test_every_record_round_trips(style: Style, tricky: Callable[[Style], Path], contracts: Contracts) -> None:
    tricky(style)
    tried = 0
    for fullname, place in bundle(style).types.items():
        schema = contracts.types[fullname]
        if not isinstance(schema, Record) or fullname == AMBIGUOUS:
            continue
        kind = class_of(place)
        for seed in SEEDS:
            data = written(schema, Maker(seed).datum(schema))
            value = kontrakt.decode(kind, data)
            assert kontrakt.encode(value, kind) == data, (fullname, value)
            tried += 1
    assert tried > 90 * len(SEEDS)


def test_values_of_ambiguous_unions_survive(
    style: Style, tricky: Callable[[Style], Path], contracts: Contracts
) -> None:
    tricky(style)
    kind = class_of(bundle(style).types[AMBIGUOUS])
    schema = contracts.types[AMBIGUOUS]
    for seed in SEEDS:
        value = kontrakt.decode(kind, written(schema, Maker(seed).datum(schema)))
        assert kontrakt.decode(kind, kontrakt.encode(value, kind)) == value


def test_defaults_are_what_readers_take_for_missing_fields(
    style: Style, tricky: Callable[[Style], Path], contracts: Contracts
) -> None:
    """A class makes for itself what Avro's resolution makes of its schema's defaults."""
    if style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    tricky(style)
    compared = 0
    for fullname, place in bundle(style).types.items():
        schema = contracts.types[fullname]
        if not isinstance(schema, Record) or schema.type == "error" or not schema.fields:
            continue
        if not all(field.has_default for field in schema.fields):
            continue
        kind = class_of(place)
        writer: dict[str, Any] = {"type": "record", "name": fullname, "fields": []}
        assert kind() == kontrakt.decode(kind, b"", writer=writer), fullname
        compared += 1
    assert compared > 10


def test_defaults_that_can_change_are_not_shared(style: Style, tricky: Callable[[Style], Path]) -> None:
    if style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    tricky(style)
    kind = class_of(bundle(style).types["tricky.RecordDefaults"])
    first, second = kind(), kind()
    first.points.append(first.point)
    first.point.x = 100
    assert len(second.points) == 2
    assert second.point.x == 1
