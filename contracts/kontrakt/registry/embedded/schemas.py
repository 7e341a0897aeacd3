"""What a registry keeps of schemas."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from kontrakt import avro
from kontrakt.avro.render import closed
from kontrakt.avro.shapes import is_object
from kontrakt.errors import SchemaErrors
from kontrakt.registry.contexts import taken_apart

from .errors import invalid_schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kontrakt.registry.documents import Reference


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A schema as a request gives it.

    Attributes:
        text: The schema.
        type: What kind of schema it is.
        references: The schemas that it uses; version -1 is the newest.
        metadata: Metadata, which the registry keeps and does not read.
        rules: A rule set, which the registry keeps and does not read.
        id: The id to give it, in mode IMPORT.
        version: The version to give it, in mode IMPORT.
        normalize: Whether to write it in one way before it is kept.
    """

    text: str
    type: str = "AVRO"
    references: tuple[Reference, ...] = ()
    metadata: Any = None
    rules: Any = None
    id: int | None = None
    version: int | None = None
    normalize: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Schema:
    """A schema that the registry understood.

    Attributes:
        text: As it was sent, unless it was to be normalized.
        tree: What it says.
        references: The schemas that it uses.
        metadata: Metadata.
        rules: A rule set.
        identity: The same for schemas that differ only in how they are written.
    """

    text: str
    tree: avro.Schema
    references: tuple[Reference, ...]
    metadata: Any
    rules: Any
    identity: str

    @cached_property
    def guid(self) -> UUID:
        """Its GUID: the same in every registry."""
        return UUID(bytes=hashlib.md5(self.identity.encode(), usedforsecurity=False).digest())

    def property(self, name: str) -> Any:
        """The value of a property in the metadata, or None."""
        properties: Any = self.metadata.get("properties") if is_object(self.metadata) else None
        return properties.get(name) if is_object(properties) else None


@dataclass(kw_only=True)
class Version:
    """A version of a subject.

    Attributes:
        subject: The subject.
        number: Its number.
        id: The schema's id.
        schema: The schema.
        deleted: Whether it is deleted softly.
    """

    subject: str
    number: int
    id: int
    schema: Schema
    deleted: bool = False

    @property
    def context(self) -> str:
        """The context of its subject."""
        return taken_apart(self.subject)[0]


def read(
    draft: Draft, references: tuple[Reference, ...], used: Sequence[avro.Schema], *, normalize: bool = False
) -> Schema:
    """Understand a schema, held to the specification.

    Args:
        draft: The schema.
        references: Its references, with the versions that they mean.
        used: The schemas behind the references.
        normalize: Whether to write the schema, and the list of its references, in one way.

    Raises:
        ApiError: It is not valid.
    """
    if draft.type != "AVRO":
        raise invalid_schema(f"the embedded registry holds AVRO schemas, not {draft.type}")
    if not draft.text.strip():
        raise invalid_schema("it is empty")
    try:
        tree = avro.parse(draft.text, references=used)
        elsewhere = {name for schema in used for name in avro.named_types(schema)}
        plain = closed(tree, known=elsewhere)
        text = json.dumps(plain, ensure_ascii=False, separators=(",", ":")) if normalize else draft.text
        if normalize:
            references = tuple(sorted(set(references), key=lambda one: (one.subject, one.version, one.name)))
        identity = _identity(plain, references, draft)
    except SchemaErrors as error:
        raise invalid_schema(f"{error}, in {_short(draft.text)}") from error
    except RecursionError as error:
        raise invalid_schema(f"it is nested too deeply: {_short(draft.text)}") from error
    return Schema(
        text=text,
        tree=tree,
        references=references,
        metadata=draft.metadata,
        rules=draft.rules,
        identity=identity,
    )


def _identity(plain: Any, references: tuple[Reference, ...], draft: Draft) -> str:
    """A schema without what does not matter: white space, the order of attributes, how names are qualified."""
    listed = [[one.name, one.subject, one.version] for one in references]
    return json.dumps([plain, listed, draft.metadata, draft.rules], sort_keys=True, separators=(",", ":"))


def _short(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else f"{text[:longest]}..."
