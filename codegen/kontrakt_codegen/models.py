"""Models: what datamodel-code-generator is told of records and enums.

It is told in JSON Schema, derived from our tree, because its own reading of Avro loses aliases, enum defaults, namespaces and
the difference between ``string`` and ``uuid``. Every property is required there, and has a number for a name: it would
rename imports where a field or a symbol of any model is called like a class. What a field is called, what its default is in
Python and what its docstring says goes to our templates (``templates/models``) beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from kontrakt.avro import Array, Enum, Field, Map, Named, Record, Schema, Union
from kontrakt.codec.bundle import Style
from kontrakt.contract import Topic, stamped_type

from . import naming
from .defaults import Defaults
from .docs import docstring
from .placement import Place, referred
from .scope import DEEPEST, Leaf, Scope, leaf

Json: TypeAlias = dict[str, Any]

_JSON_TYPES: Final[Mapping[str, str]] = {
    "None": "null",
    "bool": "boolean",
    "float": "number",
    "int": "integer",
    "str": "string",
}


_STAMPS: Final[Mapping[str, str]] = {
    "string": "text",
    "uuid": "uuid",
    "timestamp-millis": "millis",
    "timestamp-micros": "micros",
    "timestamp-nanos": "nanos",
}
"""What of ``kontrakt.EventStamp`` fills in a field of a type."""


class Names:
    """The Python names of fields and symbols, and which of them are not the Avro names.

    Args:
        style: What records are.
        places: Where the classes of types stand, by full name.
    """

    def __init__(self, style: Style, places: Mapping[str, Place]) -> None:
        self._style = style
        self._places = places
        self._known: dict[str, Mapping[str, str]] = {}

    def __call__(self, named: Record | Enum) -> Mapping[str, str]:
        """The Python names of a record's fields or an enum's symbols, by their Avro names."""
        if named.fullname not in self._known:
            self._known[named.fullname] = self._names(named)
        return self._known[named.fullname]

    def _names(self, named: Record | Enum) -> Mapping[str, str]:
        if isinstance(named, Enum):
            return naming.attributes(named.symbols, naming.RESERVED_MEMBERS)
        reserved = naming.RESERVED_ATTRIBUTES[self._style]
        if named.type == "error":
            reserved = naming.RESERVED_ERROR_ATTRIBUTES
        return naming.attributes((field.name for field in named.fields), reserved | self.classes(named))

    def classes(self, record: Record) -> frozenset[str]:
        """The classes that the annotations and defaults of a record's fields name, its own among them."""
        found = {record.fullname, *referred(record)}
        pending = [field.schema for field in record.fields if field.has_default]
        seen: set[str] = set()
        while pending:  # the default of a record may say what is inside the records inside of it
            for fullname, inner in referred(pending.pop()).items():
                if fullname not in seen and isinstance(inner, Record):
                    seen.add(fullname)
                    pending.extend(field.schema for field in inner.fields)
                found.add(fullname)
        return frozenset(self._places[fullname].name for fullname in found)

    def renamed(self, named: Record | Enum) -> Mapping[str, str]:
        """The names that are not the Avro names. The keys of a TypedDict always are."""
        if self._style is Style.TYPEDDICT and isinstance(named, Record) and named.type != "error":
            return {}
        return {avro: python for avro, python in self(named).items() if avro != python}


class Models:
    """Describes the records and enums of one module.

    Args:
        style: What records are.
        scope: The module's scope; what a model uses is imported.
        names: The Python names of fields and symbols.
        tagged: The records whose dictionaries carry ``"-type"``.
        kin: For types in a circle, all types of the circle (see ``Placement.kin``).
        stamps: The fields of events that are filled in when they are left out, by the full name of the record (see :func:`stamps`).
    """

    def __init__(
        self,
        style: Style,
        scope: Scope,
        names: Names,
        tagged: frozenset[str],
        kin: Mapping[str, frozenset[str]],
        stamps: Mapping[str, frozenset[str]],
    ) -> None:
        self._style = style
        self._scope = scope
        self._names = names
        self._tagged = tagged
        self._kin = kin
        self._stamps = stamps
        self._defaults = Defaults(scope, names)

    def of(self, named: Record | Enum) -> Json:
        """The description of a type: what ``datamodel.render`` takes."""
        return self._enum(named) if isinstance(named, Enum) else self._record(named)

    def _enum(self, enum: Enum) -> Json:
        self._scope.uses("enum", "StrEnum")
        names = self._names(enum)
        return {
            "name": self._scope.use(enum.fullname),
            "doc": docstring(enum.doc),
            "fields": [{"name": names[symbol]} for symbol in enum.symbols],
            "schema": {
                "type": "string",
                "enum": list(enum.symbols),
                "x-enum-varnames": [f"m{index}" for index in range(len(enum.symbols))],
            },
        }

    def _record(self, record: Record) -> Json:
        fields = [self.field(record, field) for field in record.fields]
        described = {f"f{index}": field for index, field in enumerate(record.fields)}
        keys = [field for field in fields if field["key"]]
        tag = record.fullname if self._style is Style.TYPEDDICT and record.fullname in self._tagged else ""
        self._import_base(bool(tag))
        model_names = self._style is Style.PYDANTIC and any(field["name"].startswith("model_") for field in fields)
        if model_names:
            self._scope.uses("pydantic", "ConfigDict")
        return {
            "name": self._scope.use(record.fullname),
            "doc": docstring(record.doc),
            "fields": fields,
            "tag": tag,
            "odd_keys": bool(keys or tag),
            "functional": any(field["key"] and field["kin"] for field in fields),
            "plain": len(keys) < len(fields),
            "model_names": model_names,
            "schema": {
                "type": "object",
                "properties": {name: schema_of(one.schema, self._scope) for name, one in described.items()},
                "required": list(described),
            },
        }

    def _import_base(self, tagged: bool) -> None:
        match self._style:
            case Style.DATACLASS:
                self._scope.uses("dataclasses", "dataclass")
            case Style.MSGSPEC:
                self._scope.uses("msgspec", "Struct")
            case Style.PYDANTIC:
                self._scope.uses("pydantic", "BaseModel")
            case Style.TYPEDDICT:
                self._scope.uses("typing", "TypedDict", *(["Literal"] if tagged else []))

    def field(self, record: Record, field: Field) -> Json:
        """What the templates see of a field."""
        attribute = self._names(record)[field.name]
        keys = self._style is Style.TYPEDDICT and record.type != "error"
        inside = referred(field.schema)
        return {
            "name": field.name if keys else attribute,
            "key": keys and attribute != field.name,
            "quoted": keys and bool(inside),
            "kin": not self._kin.get(record.fullname, frozenset()).isdisjoint(inside),
            "default": "" if keys else self._default(record, field),
            "doc": docstring(field.doc),
        }

    def _default(self, record: Record, field: Field) -> str:
        """What follows the annotation of a field."""
        if field.name in self._stamps.get(record.fullname, ()):
            self._scope.uses("kontrakt", "EventStamp")
            return self._made_by(f"EventStamp.{_STAMPS[stamped_type(field.schema)]}", error=False)
        default = self._defaults.of(field)
        if default is None:
            return ""
        if not default.mutable:
            return f" = {default.expression}"
        # a class in a circle may stand further down, so nothing may ask for it while this one is made
        late = not self._kin.get(record.fullname, frozenset()).isdisjoint(referred(field.schema))
        error = record.type == "error"
        if self._style is Style.PYDANTIC and not error:
            if not late:  # pydantic copies it for every instance
                return f" = {default.expression}"
            return self._made_by(f"lambda: {default.expression}", error=False)
        factory = f"lambda: {default.expression}"
        if default.expression in ("[]", "{}") and not late:
            factory = self._scope.annotation(default.schema)
        elif default.expression.endswith("()") and default.expression[:-2].isidentifier() and not late:
            factory = default.expression[:-2]
        return self._made_by(factory, error=error)

    def _made_by(self, factory: str, *, error: bool) -> str:
        """What follows the annotation of a field whose default a function makes."""
        return f" = {self._field_function(error=error)}(default_factory={factory})"

    def _field_function(self, *, error: bool) -> str:
        """The function that describes a field. Errors are dataclasses, whatever stands beside them."""
        if self._style is Style.PYDANTIC and not error:
            self._scope.uses("pydantic", "Field")
            return "Field"
        if self._style is not Style.MSGSPEC:
            self._scope.uses("dataclasses", "field")
            return "field"
        if error:
            self._scope.uses("dataclasses", "field as dataclass_field")
            return "dataclass_field"
        self._scope.uses("msgspec", "field")
        return "field"


def stamps(topics: Iterable[Topic]) -> dict[str, frozenset[str]]:
    """The fields that hold the id and the time of events, by the full name of the record. A record may travel on several topics."""
    found: dict[str, frozenset[str]] = {}
    for topic in topics:
        for record in topic.values:
            found[record.fullname] = found.get(record.fullname, frozenset()) | topic.stamped(record)
    return found


def schema_of(schema: Schema, scope: Scope, depth: int = 0) -> Json:
    """The JSON Schema of a type. Names of classes are those that they have in the scope, where they are imported."""
    found = leaf(schema)
    if depth > DEEPEST or found is not None:
        return _leaf_schema(found or Leaf("Any", "typing"), scope)
    match schema:
        case Array():
            return {"type": "array", "items": schema_of(schema.items, scope, depth + 1)}
        case Map():
            return {"type": "object", "additionalProperties": schema_of(schema.values, scope, depth + 1)}
        case Union():
            return _union_schema([schema_of(branch, scope, depth) for branch in schema.branches], scope)
        case Named():
            return _class_schema(scope.use(schema.fullname))
        case _:
            raise TypeError(f"no JSON Schema for {schema.type}")


def _union_schema(branches: Sequence[Json], scope: Scope) -> Json:
    if not branches:
        return _leaf_schema(Leaf("Never", "typing"), scope)
    if len(branches) == 1:
        return branches[0]
    if all(branch.keys() == {"type"} for branch in branches):  # read in half the time
        return {"type": list(dict.fromkeys(branch["type"] for branch in branches))}
    return {"anyOf": list(branches)}


def _leaf_schema(found: Leaf, scope: Scope) -> Json:
    name = scope.leaf(found)
    if name in _JSON_TYPES:
        return {"type": _JSON_TYPES[name]}
    if name == "bytes":
        return {"type": "string", "x-python-type": "bytes"}
    return {"$ref": f"#/$defs/{name}"} if "." in name else _class_schema(name)


def _class_schema(name: str) -> Json:
    # the module is a stand-in: imports are ours to write, annotations take the bare name
    return {"type": "object", "customTypePath": f"scope.{name}"}
