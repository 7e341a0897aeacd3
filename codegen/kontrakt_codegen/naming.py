"""Names: from Avro and Kafka to Python.

The rules, in the order they are applied:

Attributes (fields of records, parameters of operations)
    The Avro name. Of underscores in front one moves to the end (``_id`` -> ``id_``, ``__init__`` -> ``init_``), because
    Python gives names that begin with them a meaning. A keyword, a name that the generated class body itself uses (``str``,
    ``list``, ``field``, ...), or a name that the base class of the style keeps for itself gets an underscore at its end.
    A name that is taken by then gets one more. TypedDict keys stay what Avro says.

Attributes of declared headers
    The header's name in snake_case (``Trace-Id`` -> ``trace_id``), by the same rules.

Enum members
    The symbol, by the same rules; what ``str`` and ``Enum`` keep for themselves (``title``, ``name``, ``mro``) counts as
    reserved.

Classes
    The Avro name, in PascalCase when it begins in lower case or has underscores. A name that generated modules import gets
    a suffix that says what it is: ``DecimalRecord``, ``ListEnum``.

Modules
    The topic's name or the namespace, a package for each part between dots, in snake_case.

Adding a field, a symbol or a type changes no other name, unless the two collide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from kontrakt.codec.bundle import Style

from . import reserved

RESERVED_ATTRIBUTES: Final[Mapping[Style, frozenset[str]]] = {
    Style.DATACLASS: reserved.CLASS_BODY,
    Style.MSGSPEC: reserved.CLASS_BODY,
    Style.PYDANTIC: reserved.CLASS_BODY | reserved.PYDANTIC,
    Style.TYPEDDICT: reserved.CLASS_BODY,
}
"""What an attribute cannot be called, by style."""

RESERVED_ERROR_ATTRIBUTES: Final = reserved.CLASS_BODY | reserved.EXCEPTION
"""What an attribute of a declared error cannot be called."""

RESERVED_MEMBERS: Final = reserved.KEYWORDS | reserved.STR | reserved.ENUM
"""What an enum member cannot be called."""

RESERVED_METHODS: Final = reserved.CLASS_BODY | reserved.METHODS
"""What the method of an operation cannot be called."""

RESERVED_CLASSES: Final = reserved.KEYWORDS | reserved.BUILTIN_CLASSES | reserved.IMPORTED
"""What a class cannot be called."""

RESERVED_PACKAGES: Final = reserved.STANDARD_LIBRARY | reserved.RUNTIME
"""What a top-level package cannot be called, because it would hide another."""


def attributes(names: Iterable[str], taken: Iterable[str]) -> dict[str, str]:
    """Python names for the fields of a record, the parameters of an operation or the symbols of an enum.

    Args:
        names: The Avro names.
        taken: What none of them may be called.

    Returns:
        The Python name by the Avro name, in the order of the names.
    """
    kept = frozenset(taken)
    names = list(names)
    result = dict.fromkeys(names, "")
    given: set[str] = set()
    for name in names:  # a name that is fine gives way to no other
        if name not in kept and not name.startswith("_"):
            result[name] = name
            given.add(name)
    for name in names:
        if not result[name]:
            result[name] = free(_trailing(name), kept | given)
            given.add(result[name])
    return result


def _trailing(name: str) -> str:
    """A name with one underscore at its end, and none in front."""
    bare = name.strip("_") if name.startswith("_") else name
    if not bare or bare[0].isdigit():
        bare = f"field_{bare}".rstrip("_")
    return f"{bare}_"


def free(name: str, taken: Iterable[str]) -> str:
    """The name, with as many underscores at its end as it needs to be free."""
    occupied = frozenset(taken)
    while name in occupied:
        name += "_"
    return name


_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[A-Z]+")


def snake(name: str) -> str:
    """A name in snake_case: ``OrderPlaced`` -> ``order_placed``, ``order-events`` -> ``order_events``."""
    parts = (part for part in re.split(r"[^A-Za-z0-9]+", name) if part)
    return "_".join(_snake(part) for part in parts)


def _snake(part: str) -> str:
    if part.islower() or part.isdigit():
        return part
    words: list[str] = []
    for word in _WORDS.findall(part):
        if words and word.isdigit():
            words[-1] += word
        else:
            words.append(word.lower())
    return "_".join(words)


def pascal(name: str) -> str:
    """A name in PascalCase: ``order-events`` -> ``OrderEvents``; capitals that are there stay."""
    joined = "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)
    if not joined:
        return "Type"
    return f"Type{joined}" if joined[0].isdigit() else joined


def header_attributes(names: Iterable[str]) -> dict[str, str]:
    """Python names for the headers of a topic: ``Trace-Id`` -> ``trace_id``.

    Args:
        names: The headers, as they are called on a message.

    Returns:
        The Python name by the header's name, in the order of the names.
    """
    found: dict[str, str] = {}
    for name in names:
        plain = snake(name)
        plain = plain if plain[:1].isalpha() else f"header_{plain}".rstrip("_")
        found[name] = free(plain, reserved.HEADERS | set(found.values()))
    return found


def type_class(name: str, kind: str) -> str:
    """The class of a named type.

    Args:
        name: Its Avro name, without the namespace.
        kind: ``record``, ``error`` or ``enum``.
    """
    plain = "_" not in name and name[:1].isupper()
    result = name if plain else pascal(name)
    return f"{result}{kind.capitalize()}" if result in RESERVED_CLASSES else result


_VERSION: Final = re.compile(r"[vV]?[0-9]+")


def topic_class(topic: str) -> str:
    """The class of a topic: its last part, ``shop.order-events`` -> ``OrderEvents``.

    A version says nothing by itself: ``shop.orders.v2`` -> ``OrdersV2``.
    """
    parts = [part for part in topic.split(".") if part]
    last = -2 if len(parts) > 1 and _VERSION.fullmatch(parts[-1]) else -1
    result = pascal("-".join(parts[last:]))
    return f"{result}Topic" if result in RESERVED_CLASSES else result


def module_path(name: str) -> tuple[str, ...]:
    """The module of a topic or a namespace: a part for each part between dots.

    Args:
        name: The topic's name or the namespace.
    """
    return tuple(_module(part) for part in name.split(".") if part)


def _module(part: str) -> str:
    result = snake(part) or "topic"
    if result[0].isdigit():
        result = f"topic_{result}"
    return f"{result}_" if result in reserved.KEYWORDS else result


def package(name: str) -> str:
    """The name of a top-level package."""
    return f"{name}_" if name in RESERVED_PACKAGES else name
