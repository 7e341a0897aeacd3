"""Mistakes that strangers make: files that are wrong, and what is said of them.

A case is a folder of contracts, and what ``kontrakt lint`` and ``kontrakt generate`` say of it: one line a problem, the hint in
parentheses. A case that is one text is the file ``a.avsc``; beside it stands a file that is fine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FINE = '{"type": "record", "namespace": "acme", "name": "Fine", "fields": [{"name": "id", "type": "string"}]}'


@dataclass(frozen=True)
class Case:
    """Files that are wrong, by their path, and what is said of them."""

    name: str
    files: Mapping[str, str | bytes]
    said: tuple[str, ...]

    def write(self, folder: Path) -> None:
        (folder / "schemas").mkdir()
        for name, data in {"fine.avsc": FINE, **self.files}.items():
            place = folder / name if name.endswith(".toml") else folder / "schemas" / name
            place.write_bytes(data.encode() if isinstance(data, str) else data)


def case(name: str, files: str | bytes | Mapping[str, str | bytes], *said: str) -> Case:
    return Case(name, files if isinstance(files, Mapping) else {"a.avsc": files}, said)


CASES = [
    # JSON
    case(
        "no comma, no value",
        '{"type": "record" "name": }',
        "a.avsc:1:19: no comma before a string",
        'a.avsc:1:27: expected a value, found "}"',
    ),
    case(
        "trailing comma",
        '{"type": "record", "name": "A", "fields": [],}',
        "a.avsc:1:45: a comma before the end (remove it)",
    ),
    case(
        "comments",
        '// hi\n{"type": "record", "name": "A", "fields": []}',
        'a.avsc:1:1: a comment; JSON has none (put the text into "doc")',
    ),
    case("empty file", "", "a.avsc:1:1: the file is empty"),
    case(
        "utf16",
        b'\xff\xfe{\x00"\x00t\x00y\x00p\x00e\x00"\x00:\x00 \x00"\x00r\x00e\x00c\x00o\x00r\x00d\x00"\x00}\x00',
        "a.avsc:1:1: the file is UTF-16, not UTF-8 (save it as UTF-8)",
    ),
    case(
        "latin1",
        b'{"type": "record", "doc": "K\xf6ln"}',
        "a.avsc:1:29: the byte 0xf6 is not UTF-8 (save the file as UTF-8)",
    ),
    case("gzip", b"\x1f\x8b\x08\x00abc", "a.avsc:1:2: the byte 0x8b is not UTF-8 (save the file as UTF-8)"),
    case(
        "surrogate",
        '{"type": "record", "name": "A", "doc": "\\ud800", "fields": []}',
        "a.avsc:1:41: \\ud800 is half of a surrogate pair",
    ),
    case(
        "a control character",
        '{"type": "record", "name": "A", "doc": "\x00", "fields": []}',
        "a.avsc:1:41: the control character \\u0000 stands in a string (escape it)",
    ),
    case(
        "NaN",
        '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "double", "default": NaN}]}',
        "a.avsc:1:87: NaN is not JSON",
    ),
    case(
        "a key twice",
        '{"type": "record", "name": "A", "name": "B", "fields": []}',
        'a.avsc:1:33: the key "name" stands twice (first at line 1, column 20)',
    ),
    case(
        "single quotes",
        "{'type': 'record', 'name': 'A', 'fields': []}",
        "a.avsc:1:2: the key 'type' is in single quotes (JSON takes double quotes)",
        "a.avsc:1:10: 'record' is in single quotes (JSON takes double quotes)",
        "a.avsc:1:20: the key 'name' is in single quotes (JSON takes double quotes)",
        "a.avsc:1:28: 'A' is in single quotes (JSON takes double quotes)",
        "a.avsc:1:33: the key 'fields' is in single quotes (JSON takes double quotes)",
    ),
    case(
        "YAML",
        "type: record\nname: A\n",
        'a.avsc:1:1: the type "type" is not defined (define it, or refer to it by its full name)',
        "a.avsc:1:1: the word type is not in double quotes",
        'a.avsc:1:5: ":" after the end of the value (a file holds one JSON value)',
    ),
    case("HTML", "<!DOCTYPE html><html></html>", 'a.avsc:1:1: expected a value, found "<"'),
    case(
        "the marks of a merge",
        '<<<<<<< HEAD\n{"type": "record"}\n=======\n{}\n>>>>>>> x\n',
        'a.avsc:1:1: expected a value, found "<"',
    ),
    # Avro
    case(
        "not a schema",
        {"a.avsc": "42", "b.avsc": '"hello"', "c.avsc": "null", "d.avsc": "[]", "e.avsc": "{}"},
        "a.avsc:1:1: expected a type, found 42",
        'b.avsc:1:1: the type "hello" is not defined (define it, or refer to it by its full name)',
        "c.avsc:1:1: expected a type, found null",
        "d.avsc:1:1: a union needs at least one branch",
        'e.avsc:1:1: a schema needs the attribute "type"',
    ),
    case(
        "attributes missing",
        {
            "a.avsc": '{"type": "record", "name": "A"}',
            "b.avsc": '{"type": "record", "fields": []}',
            "c.avsc": '{"name": "A", "fields": []}',
            "d.avsc": '{"type": "fixed", "name": "F"}',
            "e.avsc": '{"type": "enum", "name": "E"}',
            "f.avsc": '{"type": "array"}',
            "g.avsc": '{"type": "map"}',
        },
        'a.avsc:1:1: a record needs the attribute "fields"',
        'b.avsc:1:1: a record needs the attribute "name"',
        'c.avsc:1:1: a schema needs the attribute "type"',
        'd.avsc:1:1: a fixed needs the attribute "size"',
        'e.avsc:1:1: an enum needs the attribute "symbols"',
        'f.avsc:1:1: an array needs the attribute "items"',
        'g.avsc:1:1: a map needs the attribute "values"',
    ),
    case(
        "bad names",
        '{"type": "record", "name": "1A", "namespace": "a-b.c", "fields": [{"name": "x y", "type": "int"}, {"name": "", "type": "int"}, {"name": "a", "type": "int"}, {"name": "a", "type": "int"}, {"name": "\\u00fc", "type": "int"}]}',
        'a.avsc:1:28: "1A" is not a name for a record (a name has letters, digits and _, and no digit in front)',
        'a.avsc:1:47: "a-b.c" is not a namespace (names joined by dots; a name has letters, digits and _, and no digit in front)',
        'a.avsc:1:76: "x y" is not a name for a field (a name has letters, digits and _, and no digit in front)',
        'a.avsc:1:108: "name" of a field is empty',
        'a.avsc:1:167: the field "a" stands twice (first at line 1, column 137)',
        'a.avsc:1:197: "ü" is not a name for a field (a name has letters, digits and _, and no digit in front)',
    ),
    case(
        "bad symbols",
        '{"type": "enum", "name": "E", "symbols": ["A", "A", "b-c", 3, ""]}',
        'a.avsc:1:48: the symbol "A" stands twice (first at line 1, column 43)',
        'a.avsc:1:53: "b-c" is not a symbol (a symbol has letters, digits and _, and no digit in front)',
        "a.avsc:1:60: a symbol must be a string, found 3",
        'a.avsc:1:63: "" is not a symbol (a symbol has letters, digits and _, and no digit in front)',
    ),
    case(
        "bad logical",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "d", "type": {"type": "bytes", "logicalType": "decimal", "precision": 0}}, {"name": "e", "type": {"type": "string", "logicalType": "date"}}, {"name": "f", "type": {"type": "fixed", "name": "Fx", "size": 3, "logicalType": "duration"}}, {"name": "g", "type": {"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}}]}',
        "a.avsc:1:144: the precision of a decimal must be a whole number above 0",
        "a.avsc:1:205: date does not fit string (it stands on int)",
        "a.avsc:1:295: duration does not fit a fixed of 3 bytes (it stands on a fixed of 12 bytes)",
        "a.avsc:1:400: the scale 3 is larger than the precision 2 (the precision counts all digits, those after the point too)",
    ),
    case(
        "bad union",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "u", "type": ["int", "int"]}, {"name": "v", "type": [["null", "int"], "string"]}, {"name": "w", "type": []}]}',
        "a.avsc:1:95: the union has int twice (only named types may repeat, under different names)",
        "a.avsc:1:127: a union stands directly in a union (list the inner branches here)",
        "a.avsc:1:178: a union needs at least one branch",
    ),
    case(
        "bad defaults",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "a", "type": "int", "default": "x"}, {"name": "b", "type": ["null", "string"], "default": "x"}, {"name": "c", "type": {"type": "array", "items": "int"}, "default": [1, "2"]}, {"name": "d", "type": "bytes", "default": "\\u0100"}, {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X"], "default": "Y"}, "default": "Z"}, {"name": "f", "type": "long", "default": 9223372036854775808}, {"name": "g", "type": {"type": "record", "name": "G", "fields": [{"name": "h", "type": "int"}]}, "default": {}}]}',
        'a.avsc:1:105: default "x" does not fit int (give a number, or change the type)',
        'a.avsc:1:164: default "x" does not fit null (a default is of the first branch of its union; put string first)',
        'a.avsc:1:242: default "2" does not fit int (give a number, or change the type)',
        'a.avsc:1:291: default "\\u0100" does not fit bytes (each character stands for a byte, \\u0000 to \\u00ff)',
        'a.avsc:1:383: the default "Y" is none of the symbols (add it, or take one of them)',
        'a.avsc:1:400: default "Z" does not fit acme.E (one of X)',
        "a.avsc:1:447: default 9223372036854775808 does not fit long (it has more than 64 bits)",
        'a.avsc:1:577: the default has no "h", which acme.G needs',
    ),
    case(
        "missing reference",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "x", "type": "acme.Nowhere"}, {"name": "y", "type": "Stirng"}]}',
        'a.avsc:1:87: the type "acme.Nowhere" is not defined (define it, or refer to it by its full name)',
        'a.avsc:1:126: the type "Stirng" is not defined (did you mean string?)',
    ),
    case(
        "circular files",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "b", "type": ["null", "acme.B"]}]}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "a", "type": ["null", "acme.A"]}]}',
        },
        "a.avsc:1:96: the files need each other in a circle: a.avsc -> b.avsc -> a.avsc: a.avsc needs b.avsc at line 1, column 96, b.avsc needs a.avsc at line 1, column 96 (put the types that need each other into one file)",
    ),
    case(
        "duplicate names",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": []}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": []}',
        },
        "b.avsc:1:49: acme.A is defined twice (first at a.avsc:1:49; refer to it by its name)",
    ),
    case(
        "bad protocol",
        {
            "a.avpr": '{"protocol": "P", "topic": {"kind": "request", "name": "p", "key": "id", "owner": "o"}, "messages": {"m": {"request": [{"name": "x", "type": "int"}], "response": "Nope", "errors": ["Bad"]}, "n": {"request": {}, "one-way": true, "response": "string"}}}',
            "b.avpr": "{}",
            "c.avpr": '{"protocol": "Q", "messages": []}',
        },
        'a.avpr:1:163: the type "Nope" is not defined (define it, or refer to it by its full name)',
        'a.avpr:1:182: the type "Bad" is not defined (define it, or refer to it by its full name)',
        'a.avpr:1:208: "request" must be an array, found {}',
        'a.avpr:1:241: nobody answers the one-way message "n" (its response is "null")',
        'b.avpr:1:1: a protocol needs the attribute "protocol"',
        'c.avpr:1:31: "messages" must be an object of messages by name',
    ),
    # contracts
    case(
        "id and time of events",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "event_id", "type": "int"}], "topic": {"kind": "event", "name": "acme.as", "key": null, "owner": "o", "id": "event_id", "time": "at"}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "id", "type": ["null", "string"]}], "topic": {"kind": "event", "name": "acme.as", "key": null, "owner": "o", "id": "id", "time": ""}}',
            "c.avsc": '{"type": "record", "namespace": "acme", "name": "C", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.cs", "key": "id", "owner": "o", "id": "id"}}',
        },
        'a.avsc:1:182: the field "event_id" cannot hold the id of an event (take a string or a uuid)',
        'a.avsc:1:202: the time of events names a field "at" that acme.A does not have (known are event_id)',
        "b.avsc:1:189: the topic acme.as has another field for the id than at a.avsc:1:112: id, there event_id (the records of a topic agree about what is said of it)",
        'b.avsc:1:203: "time" must be a text that is not empty',
        "c.avsc:1:180: a topic of kind entity has no id (only events have an id that is filled in)",
    ),
    case(
        "headers",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [], "topic": {"kind": "event", "name": "acme.as", "key": null, "owner": "o", "headers": [{"name": "a", "type": "uuid"}, {"name": "a", "type": "int"}, {"name": "kafka_x", "type": "int"}, {"type": "intt", "req": 1}, "x", {"name": "b", "type": "int", "optional": 1, "doc": 2}, {"name": " "}]}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [], "topic": {"kind": "event", "name": "acme.as", "key": null, "owner": "o", "headers": [{"name": "a", "type": "uuid", "optional": true}]}}',
            "c.avsc": '{"type": "record", "namespace": "acme", "name": "C", "fields": [], "topic": {"kind": "event", "name": "acme.cs", "key": null, "owner": "o", "headers": {"a": "int"}}}',
        },
        "a.avsc:1:193: the header a is declared twice (remove one)",
        "a.avsc:1:223: the header kafka_x would be taken for one that clients write themselves (give it another name)",
        'a.avsc:1:250: a header needs a name, a text that is not empty (such as {"name": "tenant", "type": "string"})',
        "a.avsc:1:259: a header cannot be of the type 'intt' (did you mean \"int\"?)",
        'a.avsc:1:274: a header has no "req" (known are name, type, optional, doc)',
        'a.avsc:1:278: a header must be an object (such as {"name": "tenant", "type": "string"})',
        'a.avsc:1:324: "optional" must be true or false',
        'a.avsc:1:334: "doc" must be a text',
        'a.avsc:1:338: a header needs a type (such as {"name": "tenant", "type": "string"})',
        'a.avsc:1:347: a header needs a name, a text that is not empty (such as {"name": "tenant", "type": "string"})',
        "b.avsc:1:152: the topic acme.as has another list of headers than at a.avsc:1:77: a (optional uuid), there a (uuid) (the records of a topic agree about what is said of it)",
        'c.avsc:1:152: "headers" must be a list of headers (such as {"name": "tenant", "type": "string"} in brackets)',
    ),
    case(
        "topic not object",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": "acme.as"}',
        'a.avsc:1:109: "topic" must be an object (such as {"kind": "entity", "name": ..., "key": ..., "owner": ...})',
    ),
    case(
        "unknown kind",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entty", "name": "acme.as", "key": "id", "owner": "o"}}',
        'a.avsc:1:118: "kind" cannot be \'entty\' (did you mean "entity"?)',
    ),
    case(
        "unknown attribute",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o", "partition": 3, "ownr": "x"}}',
        'a.avsc:1:187: a topic has no "partition" (did you mean "partitions"?)',
        'a.avsc:1:198: a topic has no "ownr" (did you mean "owner"?)',
    ),
    case(
        "bad topic name",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme as \\u00fc", "key": "id", "owner": "o"}}',
        "a.avsc:1:136: 'acme as ü' is not a name for a topic (1 to 249 letters, digits, dots, underscores and hyphens)",
    ),
    case(
        "no owner",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id"}}',
        'a.avsc:1:109: the topic has no owner (name the one service that writes it: "owner": "customer-service")',
    ),
    case(
        "no key",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "owner": "o"}}',
        "a.avsc:1:109: the topic has no key (name the field that identifies it)",
    ),
    case(
        "a key that is no field",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "ident", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "idnt", "owner": "o"}}',
        'a.avsc:1:157: the key names a field "idnt" that acme.A does not have (did you mean "ident"?)',
    ),
    case(
        "nullable key",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": ["null", "string"]}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
        'a.avsc:1:164: the field "id" cannot be a key: it may be null (a key identifies: take text, a number, a uuid)',
    ),
    case(
        "map key",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": {"type": "map", "values": "int"}}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
        'a.avsc:1:178: the field "id" cannot be a key: it is a map, whose entries have no order (a key identifies: take text, a number, a uuid)',
    ),
    case(
        "request on record",
        '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "request", "name": "acme.as", "key": "id", "owner": "o"}}',
        "a.avsc:1:118: acme.A is a record, so its topic cannot be of the kind request (declare requests in a protocol (.avpr))",
    ),
    case(
        "two owners",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "event", "name": "acme.as", "key": "id", "owner": "o"}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "event", "name": "acme.as", "key": "id", "owner": "p"}}',
        },
        "b.avsc:1:168: the topic acme.as has another owner than at a.avsc:1:109: p, there o (the records of a topic agree about what is said of it)",
    ),
    case(
        "mixed kinds",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "event", "name": "acme.as", "key": "id", "owner": "o"}}',
        },
        "b.avsc:1:118: the topic acme.as has another kind than at a.avsc:1:109: event, there entity (the records of a topic agree about what is said of it)",
    ),
    case(
        "two entities",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
        },
        "b.avsc:1:109: the entity topic acme.as carries acme.A already, see a.avsc:1:109 (give each entity a topic of its own)",
    ),
    case(
        "bad projection",
        {
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}], "topic": {"kind": "entity", "name": "acme.as", "key": "id", "owner": "o"}}',
            "b.avsc": '{"type": "record", "namespace": "acme", "name": "B", "fields": [{"name": "nope", "type": "string"}, {"name": "id", "type": "int"}], "projection": {"of": "acme.A", "consumer": "c"}}',
            "c.avsc": '{"type": "record", "namespace": "acme", "name": "C", "fields": [{"name": "id", "type": "string"}], "projection": {"of": "acme.Nowhere", "consumer": ""}}',
            "d.avsc": '{"type": "record", "namespace": "acme", "name": "D", "fields": [{"name": "id", "type": "string"}], "projection": {"off": "acme.A"}}',
        },
        "b.avsc:1:65: the projection cannot read acme.A: nope: the producer does not write it (acme.A), and it has no default (take a field that it has (rename it through an alias), of a type that reads it)",
        "b.avsc:1:101: the projection cannot read acme.A: id: the producer wrote string, the consumer expects int (take a field that it has (rename it through an alias), of a type that reads it)",
        "c.avsc:1:121: the projection is of acme.Nowhere, which no file defines (write its full name, and check that its file is in the folder)",
        'c.avsc:1:149: "consumer" must be a text that is not empty',
        'd.avsc:1:114: the projection has no "consumer" (name the service that reads it)',
        'd.avsc:1:114: the projection has no "of" (name the record that it reads)',
        'd.avsc:1:122: a projection has no "off" (did you mean "of"?)',
    ),
    # settings
    case("settings: syntax", {"kontrakt.toml": "a = = 1\n"}, "kontrakt.toml:1:5: this is not TOML: invalid value"),
    case(
        "settings: unknown",
        {"kontrakt.toml": 'stlye = "msgspec"\n[registri]\nurl = "x"\n'},
        "kontrakt.toml:1:1: 'stlye' is not a setting (did you mean 'style'?)",
        "kontrakt.toml:2:1: 'registri' is not a setting (did you mean 'registry'?)",
    ),
    case(
        "settings: types",
        {
            "kontrakt.toml": 'style = 3\nschemas = ["a"]\npackage = "1-x"\ntopics = "x"\n[distribution]\nname = 3\nvesion = "1"\n'
        },
        "kontrakt.toml:1:1: style must be text, not a number",
        "kontrakt.toml:2:1: schemas must be text, not a list",
        "kontrakt.toml:3:1: '1-x' is not the name of a package (write it as Python imports it)",
        "kontrakt.toml:4:1: topics must be [[topics]] tables, not text",
        "kontrakt.toml:6:1: distribution.name must be text, not a number",
        "kontrakt.toml:7:1: 'vesion' is not a setting of [distribution] (did you mean 'version'?)",
    ),
    case(
        "settings: style",
        {"kontrakt.toml": 'style = "dataclas"\n'},
        "kontrakt.toml:1:1: style cannot be 'dataclas' (did you mean 'dataclass'?)",
    ),
    case(
        "settings: package",
        {"kontrakt.toml": 'package = "class"\n'},
        "kontrakt.toml:1:1: 'class' is not the name of a package (write it as Python imports it)",
    ),
    case(
        "settings: version",
        {"kontrakt.toml": '[distribution]\nname = "x"\nversion = "not a version"\n'},
        "kontrakt.toml:3:1: 'not a version' is not a version (such as 1.4.0 or 2.0.0rc1)",
    ),
    case(
        "declared topics",
        {
            "kontrakt.toml": '[[topics]]\nrecord = "acme.Nope"\nkind = "event"\nname = "x"\nkey = "id"\nowner = "o"\n\n[[topics]]\nrecrod = "acme.A"\n\n[[topics]]\nrecord = "acme.A"\nkind = "event"\nname = ["x", 3]\nkey = "nope"\n',
            "a.avsc": '{"type": "record", "namespace": "acme", "name": "A", "fields": [{"name": "id", "type": "string"}]}',
        },
        "kontrakt.toml:2:1: no file defines the record acme.Nope (write its full name, and check that its file is in the folder)",
        'kontrakt.toml:8:1: a topic of the settings names either a record or a protocol (such as record = "acme.Measurement")',
        'kontrakt.toml:11:1: the topic has no owner (name the one service that writes it: "owner": "customer-service")',
        "kontrakt.toml:14:1: 3 is not a name for a topic (1 to 249 letters, digits, dots, underscores and hyphens)",
        'kontrakt.toml:15:1: the key names a field "nope" that acme.A does not have (known are id)',
    ),
    case(
        "a declared key",
        {
            "kontrakt.toml": '[[topics]]\nrecord = "acme.Fine"\nkind = "event"\nname = "x"\nkey = { schema = "acme.Nowhere" }\nowner = "o"\n'
        },
        "kontrakt.toml:5:1: the key is of the type acme.Nowhere, which no file defines (write its full name, and check that its file is in the folder)",
    ),
]
