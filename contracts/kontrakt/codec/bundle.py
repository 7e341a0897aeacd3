"""What a generated package says of itself: its schemas, and which class stands for which type.

Each top-level generated package has a private module ``_kontrakt`` whose ``BUNDLE`` is a :class:`Bundle`. It is found from a
generated class by the class's own module, when the class is first encoded or decoded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Style(StrEnum):
    """What generated records are."""

    DATACLASS = "dataclass"
    MSGSPEC = "msgspec"
    PYDANTIC = "pydantic"
    TYPEDDICT = "typeddict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A schema as the registry holds it.

    Attributes:
        name: The full name of its outermost type.
        text: The JSON.
        references: The names of the documents that it refers to.
        subject: The subject under which other schemas refer to it.
        defines: The full names of the types that it defines.
    """

    name: str
    text: str
    subject: str
    references: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The schemas and classes of a generated package.

    Attributes:
        package: The top-level package, such as ``shop``.
        generator: The version of the generator that wrote it.
        style: What its records are. Declared errors are dataclasses in every style.
        documents: Every document that its types need, each after those that it refers to.
        types: Where the class of a type stands: ``{"shop.customer.Customer": "shop.customers:Customer"}``. Records, errors
            and enums; a fixed is ``bytes``.
        renamed: Fields and enum symbols whose Python name is not their Avro name, by the type's full name:
            ``{"acme.Item": {"class": "class_"}}``. For an enum the Python name is the member's name (its value is the
            symbol itself).
        tagged: With the TypedDict style: the records whose dictionaries carry ``"-type"`` (their full name), because they
            stand beside other records in a union or on a topic.
    """

    package: str
    generator: str
    style: Style
    documents: tuple[Document, ...]
    types: Mapping[str, str]
    renamed: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    tagged: frozenset[str] = frozenset()
