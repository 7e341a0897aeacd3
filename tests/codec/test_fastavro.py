"""The same bytes and values as fastavro, in both directions, on schemas and values that hypothesis makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontrakt.codec import Style
from kontrakt.codec.analysis import parts

from tests.codec.implementations import each_codec, read, written
from tests.codec.packages import STYLES, package, record
from tests.codec.strategies import ambiguous, logical_schemas, values

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

unhurried = settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@each_codec
@unhurried
@given(schema=logical_schemas(), style=st.sampled_from(STYLES), data=st.data())
def test_both_directions(make: MakeCodec, schema: Any, style: Style, data: st.DataObject) -> None:
    whole = record("Root", before="int", value=schema, after="string")
    made = package(whole, style=style, tagged=True)
    codec = made.codec(make, "Root")
    datum, value = data.draw(values(made, "Root"))
    theirs = written(whole, datum)
    back = codec.reader()(theirs, 0)
    assert back == value
    assert repr(back) == repr(value)  # which tells 1 from 1.0, 0.0 from -0.0 and one class from another
    ours = codec.encode(value)
    if not any(map(ambiguous, parts(codec.schema))):
        assert ours == theirs
    assert read(whole, ours) == read(whole, theirs)
    assert codec.reader()(ours, 0) == value
