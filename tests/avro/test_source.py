"""The JSON reader: what it reads, where things stand, and what it says of everything that is not JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontrakt.avro import source
from kontrakt.avro.node import MAX_BYTES, MAX_PROBLEMS
from kontrakt.avro.placed import read
from kontrakt.errors import Position

from tests.avro.marked import unmarked
from tests.avro.strategies import json_values

if TYPE_CHECKING:
    from kontrakt.avro import Node


@given(json_values(), st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_reads_what_the_standard_library_writes(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for data in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        node, problems = read(data, "f")
        assert not problems
        assert node is not None
        assert node.value == value


@given(json_values(), st.sampled_from([None, 1]))
def test_the_text_at_a_position_is_the_value(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    node, _ = read(text, "f")
    assert node is not None
    lines = text.split("\n")
    stack: list[Node] = [node]
    while stack:
        one = stack.pop()
        rest = "\n".join([lines[one.position.line - 1][one.position.column - 1 :], *lines[one.position.line :]])
        assert json.JSONDecoder().raw_decode(rest)[0] == one.value
        for key, position in one.keys.items():
            assert lines[position.line - 1][position.column - 1 :].startswith(json.dumps(key, ensure_ascii=False))
        stack.extend([*one.members.values(), *one.items])


@given(st.binary())
def test_any_bytes_give_a_value_or_a_problem(data: bytes) -> None:
    node, problems = read(data, "f")
    assert node is not None or problems


@given(st.text(alphabet="{}[]\",:\\/*#'\n\r\t 01-+.eEnulltruefalsNaN\ud800é"))
def test_any_text_gives_a_value_or_a_problem(text: str) -> None:
    node, problems = read(text, "f")
    try:
        expected = json.loads(text, parse_constant=_refuse)
    except ValueError:
        assert problems
    else:
        assert problems or (node is not None and node.value == expected)


def _refuse(word: str) -> None:
    raise ValueError(word)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("«", "the file is empty"),
        (" \n «", "the file is empty"),
        ('{"a": 1«', 'expected "}" for the "{" of line 1, column 1, found the end of the file'),
        ('{"a": «', "the file ends too early"),
        ('{"a"«', 'expected ":" after the key "a", found the end of the file'),
        ("[1, [2«}", 'expected "]" for the "[" of line 1, column 5, found "}"'),
        ('{"a": «}', 'expected a value, found "}"'),
        ('{"a": 1«;}', 'expected a comma or an end, found ";"'),
        ('"a" «"b"', "a string after the end of the value"),
        ("{«[1]: 2}", 'expected a key, found "["'),
        ('«"abc', "the string does not end"),
        ('["a", «"abc\n"]', "the string does not end on its line"),
        (r'["a", "ab«\q"]', "not an escape that JSON knows"),
        (r'"«\ud800"', r"\ud800 is half of a surrogate pair"),
        (r'"ok \ud83d\ude00 «\udc00"', r"\udc00 is half of a surrogate pair"),
        ('"«\ud800"', r"\ud800 is half of a surrogate pair"),
        ('"a«\tb"', r"the control character \u0009 stands in a string"),
        ("[1«,]", "a comma before the end"),
        ('{"a": 1«,\n}', "a comma before the end"),
        ('{"a": 1, «"a": 2}', 'the key "a" stands twice'),
        ('{"a": 1 «"b": 2}', "no comma before a string"),
        ("[1 «2]", 'no comma before "2"'),
        ("[{} «{}]", 'no comma before "{"'),
        ('{"a" «1}', 'no ":" after the key "a"'),
        ('{"a" «= 1}', 'expected ":", found "="'),
        ("{«a: 1}", "the key a is not in double quotes"),
        ("{«'a': 1}", "the key 'a' is in single quotes"),
        ("[«'a']", "'a' is in single quotes"),
        ("[«abc]", "the word abc is not in double quotes"),
        ("[«NaN]", "NaN is not JSON"),
        ("[«-Infinity]", "-Infinity is not JSON"),
        ("[«True]", "True is not JSON"),
        ("[«01]", "01 is not a number as JSON writes it"),
        ("[«.5]", ".5 is not a number as JSON writes it"),
        ("[«1.]", "1. is not a number as JSON writes it"),
        ("[«+1]", "+1 is not a number as JSON writes it"),
        ("[«0x1F]", "0x1F is not a number as JSON writes it"),
        ("[«1e999]", "1e999 is larger than a double"),
        ("[«" + "1" * 5000 + "]", "a number of 5000 characters"),
        ('{"a": 1} «// b', "a comment; JSON has none"),
        ('{«/* a\n */ "b": "// no comment"}', "a comment; JSON has none"),
        ("[1, 2 «# c\n]", "a comment; JSON has none"),
    ],
)
def test_what_is_not_json(text: str, message: str) -> None:
    plain, positions = unmarked(text, "f")
    _, problems = read(plain, "f")
    assert [(problem.position, problem.message) for problem in problems] == [(positions[0], message)]


def test_goes_on_where_the_meaning_is_plain() -> None:
    text, positions = unmarked('{«\'a\': 1,\n "b": [1 «2«,],\n «c: «None, «"b": 0}', "f")
    node, problems = read(text, "f")
    assert node is not None
    assert node.value == {"a": 1, "b": 0, "c": None}
    assert [problem.position for problem in problems] == positions


def test_lenient_reading_takes_the_last_of_two_keys() -> None:
    node, problems = read('{"a": 1, "a": 2}', "f", strict=False)
    assert not problems
    assert node is not None
    assert node.value == {"a": 2}


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        ("{}".encode("utf-16"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("{}".encode("utf-16-le"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("{}".encode("utf-16-be"), 1, 1, "the file is UTF-16, not UTF-8"),
        ("{}".encode("utf-32"), 1, 1, "the file is UTF-32, not UTF-8"),
        ("{}".encode("utf-32-be"), 1, 1, "the file is UTF-32, not UTF-8"),
        ('{\n "ä": "é'.encode() + b'\xe9"}', 2, 9, "the byte 0xe9 is not UTF-8"),
        (b'\xef\xbb\xbf"\xff"', 1, 2, "the byte 0xff is not UTF-8"),
        (b'"\xed\xa0\x80"', 1, 2, "the byte 0xed is not UTF-8"),
    ],
)
def test_encodings(data: bytes, line: int, column: int, message: str) -> None:
    node, problems = read(data, "f")
    assert node is None
    assert [(problem.position, problem.message) for problem in problems] == [(Position("f", line, column), message)]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(newline: str) -> None:
    node, _ = read(f'{{{newline}"a": 1,{newline}"b": 2}}', "f")
    assert node is not None
    assert node.at("b") == Position("f", 3, 6)


def test_columns_count_characters() -> None:
    node, _ = read('["äö😀", 1]', "f")
    assert node is not None
    assert node.items[1].position == Position("f", 1, 9)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_nesting(opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    node, problems = read(opening * 1999 + "[1]" + closing * 1999, "f")
    assert node is not None
    assert not problems
    node, problems = read(opening * 100_000, "f")
    assert node is None
    assert [problem.message for problem in problems] == ["nested deeper than 2000 levels"]
    assert problems[0].position == Position("f", 1, 2000 * len(opening) + 1)


def test_large_files() -> None:
    node, problems = read(b" " * (MAX_BYTES + 1), "f")
    assert node is None
    assert str(problems[0]) == "f:1:1: the file is larger than 16 MB (split it)"


def test_a_file_of_mistakes_is_given_up() -> None:
    _, problems = read("[" + "NaN," * 5000 + "0]", "f")
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].message == "too many mistakes to go on"


def test_at_ends_at_the_nearest_value() -> None:
    node, _ = read('{"a": [1, {"b": 2}]}', "f")
    assert node is not None
    assert node.at("a", 1, "b").column == 17
    assert node.at("a", 1, "c").column == 11
    assert node.at("a", 5).column == 7
    assert node.at("z").column == 1


@given(json_values())
def test_values_are_wrapped(value: Any) -> None:
    node, problems = source.from_value(value, "f")
    assert not problems
    assert node is not None
    assert node.value == value


def test_values_that_json_has_not() -> None:
    _, problems = source.from_value({"a": b"x", 1: 2, "b": [float("nan")], "c": {1}}, "f")
    messages = {problem.message for problem in problems}
    assert messages == {"JSON has no bytes", "the key 1 is not a string", "JSON has no nan", "JSON has no set"}
    endless: list[Any] = []
    endless.append(endless)
    node, problems = source.from_value(endless, "f")
    assert node is None
    assert problems[0].message == "nested deeper than 2000 levels"


def _described(node: Node | None) -> list[Any]:
    """A node and those below it: values, and where they and their keys stand."""
    found: list[Any] = []
    stack = [] if node is None else [node]
    while stack:
        one = stack.pop()
        value = None if one.members or one.items else repr(one.value)  # a deep value has no repr
        found.append((value, one.position, dict(one.keys), list(one.members), len(one.items)))
        stack.extend([*one.members.values(), *one.items])
    return found


@given(json_values(), st.sampled_from([None, 1]), st.booleans())
def test_plain_reading_finds_the_same_positions(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for data in (text, text.encode(), b"\xef\xbb\xbf" + text.encode()):
        node, problems = source.read_plain(data, "f")
        assert not problems
        assert _described(node) == _described(read(data, "f")[0])


@given(st.text(alphabet="{}[]\",:\\/*#'\n\r\t 01-+.eEnulltruefalsNaN\ud800éd8"), st.booleans())
def test_plain_reading_says_the_same_of_any_text(text: str, strict: bool) -> None:
    node, problems = source.read_plain(text, "f", strict=strict)
    expected, said = read(text, "f", strict=strict)
    assert problems == said
    assert _described(node) == _described(expected)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "b": 2, "a": [3]}',  # the last counts, or it is wrong
        '"\\ud83d\\ude00"',
        '"\\ud800"',
        "[1e999, -1e999]",
        "[NaN, Infinity]",
        "9" * 5000,
        "9" * 2000,
        "9." + "9" * 2000,
        "\x00",
        "[" * 3000 + "]" * 3000,
        '{"a":' * 1500 + "1" + "}" * 1500,
        "",
        '["a\tb"]',
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_plain_reading_of_what_is_odd(text: str, strict: bool) -> None:
    for data in (text, text.encode()):
        node, problems = source.read_plain(data, "f", strict=strict)
        expected, said = read(data, "f", strict=strict)
        assert problems == said
        assert _described(node) == _described(expected)
