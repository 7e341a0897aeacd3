"""What the fields of declared headers are called."""

from __future__ import annotations

import keyword

from hypothesis import given
from hypothesis import strategies as st
from kontrakt_codegen.naming import header_attributes


def test_names_read_as_python() -> None:
    names = ("Trace-Id", "tenant", "X-Request-ID", "2nd", "class", "of", "trace_id", "åå", "declared", "uuid")
    assert dict(zip(names, header_attributes(names).values(), strict=True)) == {
        "Trace-Id": "trace_id",
        "tenant": "tenant",
        "X-Request-ID": "x_request_id",
        "2nd": "header_2nd",
        "class": "class_",
        "of": "of_",
        "trace_id": "trace_id_",
        "åå": "header",
        "declared": "declared_",
        "uuid": "uuid",
    }


@given(st.lists(st.text(min_size=1), unique=True, max_size=8))
def test_every_header_has_a_field_of_its_own(names: list[str]) -> None:
    given = header_attributes(names)
    assert list(given) == names
    assert len(set(given.values())) == len(names)
    for attribute in given.values():
        assert attribute.isidentifier(), attribute
        assert not keyword.iskeyword(attribute)
        assert not attribute.startswith("_")
