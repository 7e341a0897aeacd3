"""Bytes that fastavro wrote come back the same from every generated type, in every style and layout."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from uuid import UUID

import pytest

import kontrakt
from kontrakt.avro import Fixed, Record
from kontrakt.codec.bundle import Style
from kontrakt.contract import Contracts
from tests.generated.conftest import Generated
from tests.codec.implementations import written
from tests.generated.data import Maker

SEEDS = range(15)
AMBIGUOUS = ("tricky.Ambiguous", "nasty.unions.U")
"""Their unions have branches that are one type in Python: which of them a value came from is lost, the value is not."""


def test_every_module_can_be_imported(generated: Generated) -> None:
    for name in generated.modules:
        import_module(name)


def test_every_type_has_a_class(generated: Generated, contracts: Contracts) -> None:
    wanted = {name for name, named in contracts.types.items() if not isinstance(named, Fixed)}
    assert set(generated.types()) == wanted


def test_every_record_round_trips(generated: Generated, contracts: Contracts) -> None:
    tried = 0
    for fullname, kind in generated.types().items():
        schema = contracts.types[fullname]
        if not isinstance(schema, Record) or fullname in AMBIGUOUS:
            continue
        for seed in SEEDS:
            data = written(schema, Maker(seed).datum(schema))
            value = kontrakt.decode(kind, data)
            assert kontrakt.encode(value, kind) == data, (fullname, value)
            tried += 1
    assert tried > 350 * len(SEEDS)


@pytest.mark.parametrize("fullname", AMBIGUOUS)
def test_values_of_ambiguous_unions_survive(generated: Generated, contracts: Contracts, fullname: str) -> None:
    kind, schema = generated.types()[fullname], contracts.types[fullname]
    for seed in SEEDS:
        value = kontrakt.decode(kind, written(schema, Maker(seed).datum(schema)))
        assert kontrakt.decode(kind, kontrakt.encode(value, kind)) == value


def test_defaults_are_what_readers_take_for_missing_fields(generated: Generated, contracts: Contracts) -> None:
    """A class makes for itself what Avro's resolution makes of its schema's defaults."""
    if generated.style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    compared = 0
    for fullname, kind in generated.types().items():
        schema = contracts.types[fullname]
        if not isinstance(schema, Record) or schema.type == "error" or not schema.fields:
            continue
        if not all(field.has_default for field in schema.fields) or fullname == "nasty.defaults.FarDefaults":
            continue
        writer: dict[str, Any] = {"type": "record", "name": fullname, "fields": []}
        assert kind() == kontrakt.decode(kind, b"", writer=writer), fullname
        compared += 1
    assert compared > 60


def test_a_default_that_python_cannot_say_is_left_to_the_caller(generated: Generated) -> None:
    """Python's dates end with the year 9999; Avro's do not."""
    if generated.style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    kind = generated.types()["nasty.defaults.FarDefaults"]
    with pytest.raises((TypeError, ValueError), match="day"):
        kind()


def test_defaults_that_can_change_are_not_shared(generated: Generated) -> None:
    if generated.style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    kind = generated.types()["tricky.RecordDefaults"]
    first, second = kind(), kind()
    first.points.append(first.point)
    first.point.x = 100
    assert len(second.points) == 2
    assert second.point.x == 1


def test_events_are_made_without_their_id_and_time(generated: Generated) -> None:
    if generated.style is Style.TYPEDDICT:
        pytest.skip("dictionaries have no defaults")
    kind = generated.types()["edge.Stamped"]
    first, second = kind(), kind()
    assert isinstance(first.event_id, UUID)
    assert first.event_id != second.event_id
    assert 0 < first.at <= second.at
    assert kontrakt.decode(kind, kontrakt.encode(first, kind)) == first
