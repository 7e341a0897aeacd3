"""Avro schemas: read, judged, compared.

::

    from kontrakt import avro

    schema = avro.parse('{"type": "record", "name": "Customer", "fields": []}')
    schema.canonical
    schema.fingerprint("SHA-256")
"""

from .documents import Documents, parse_files
from .node import Node
from .parser import parse
from .schema import (
    MISSING,
    Array,
    Enum,
    Field,
    Fixed,
    Logical,
    Map,
    Message,
    Missing,
    Named,
    Primitive,
    Protocol,
    Record,
    Schema,
    Union,
    Unknown,
    children,
    named_types,
)

__all__ = [
    "MISSING",
    "Array",
    "Documents",
    "Enum",
    "Field",
    "Fixed",
    "Logical",
    "Map",
    "Message",
    "Missing",
    "Named",
    "Node",
    "Primitive",
    "Protocol",
    "Record",
    "Schema",
    "Union",
    "Unknown",
    "children",
    "named_types",
    "parse",
    "parse_files",
]
