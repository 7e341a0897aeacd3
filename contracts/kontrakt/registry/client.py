"""What the runtime and the tools ask of a schema registry.

HTTP, authentication, TLS, proxies, several addresses and retries are confluent-kafka's own ``SchemaRegistryClient``. This module
adds what it lacks: types, errors that say what to do, one look-up per schema for all threads, references found by themselves,
and registries that compare schemas by their text.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar
from urllib.parse import quote
from uuid import UUID

from kontrakt import avro
from kontrakt.avro.render import closed
from kontrakt.errors import RegistryError, SchemaErrors, SchemaNotFound, SchemaNotRegistered, SchemaRejected

from . import answers
from .contexts import context_named, qualified, taken_apart, within
from .documents import Document, Registered, SchemaVersion, Verdict, closure, texts_of
from .failures import completed, credentials_apart, translated, without_secrets
from .once import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from confluent_kafka.schema_registry import RegisteredSchema
    from confluent_kafka.schema_registry import Schema as RegistrySchema

T = TypeVar("T")

DEFAULTS: Final[Mapping[str, Any]] = {"timeout": 10, "max.retries": 3, "retries.wait.ms": 200}
"""Where confluent's client waits for ever (``timeout``), or longer than a person wants to (its first retry after up to a second).
When nothing listens, the client gives up within 1.4 seconds."""

PAGE: Final = 1000
"""How many versions a search asks for at a time. Confluent's registry gives no more unless it is configured to
(``schema.search.max.limit``)."""
SMALLEST_PAGE: Final = 100
"""A page that is smaller is the last one: no registry is configured to give so few."""
UNKNOWN_ID_SECONDS: Final = 5.0
"""For how long an id stays unknown without asking again: many broken messages in a row make one request."""

READWRITE: Final = "READWRITE"
"""The mode in which a registry takes schemas."""

_NO_SUBJECT: Final = 40401


class Registry:
    """A schema registry with Confluent's REST API. One instance serves all threads.

    Args:
        config: The address, or the configuration of confluent's client: ``url``, ``basic.auth.user.info``,
            ``bearer.auth...``, ``ssl...``, ``proxy``, ``timeout`` (seconds), ``max.retries``, ...
            (https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html#schemaregistry-client);
            and ``context``, in which all subjects are then. Whoever calls this class does not see it.

    Raises:
        RegistryError: The configuration is not valid.
    """

    def __init__(self, config: Mapping[str, Any] | str) -> None:
        from confluent_kafka.schema_registry import SchemaRegistryClient

        given = {"url": config} if isinstance(config, str) else dict(config)
        context = given.pop("context", "")
        self.url: Final[str] = without_secrets(str(given.get("url", "")))
        """The registry's address, without credentials."""
        try:
            self._context = context_named(str(context))
            self._client = SchemaRegistryClient({**DEFAULTS, **completed(credentials_apart(given))})
        except (ValueError, TypeError, OSError) as error:
            raise RegistryError(f"the schema registry's configuration is not valid: {error}") from error
        self._closed = False
        self._registered: Once[tuple[str, tuple[tuple[str, str], ...]], Registered] = Once()
        self._schemas: Once[int | UUID, avro.Schema] = Once(
            remember_failures=UNKNOWN_ID_SECONDS, failures=(SchemaNotFound,)
        )

    # What producers ask

    def schema_id(self, subject: str, document: Document, documents: Mapping[str, Document]) -> int:
        """The id of a schema under a subject. Looked up once, never registered.

        Args:
            subject: The subject.
            document: The schema.
            documents: Where its references are found, by name.

        Raises:
            SchemaNotRegistered: The schema, or one that it refers to, is not registered.
            RegistryError: The registry cannot be asked.
        """
        return self.look_up(subject, document, documents).id

    def look_up(self, subject: str, document: Document, documents: Mapping[str, Document]) -> Registered:
        """A schema's id and version under a subject. Looked up once, never registered.

        Args:
            subject: The subject.
            document: The schema.
            documents: Where its references are found, by name.

        Raises:
            SchemaNotRegistered: The schema, or one that it refers to, is not registered.
            RegistryError: The registry cannot be asked.
        """
        whole = closure(document, documents)
        return self._registered.get(_key(subject, whole), lambda: self._look_up(subject, whole, documents))

    # What consumers ask

    def writer_schema(self, schema_id: int) -> avro.Schema:
        """The schema of an id, with everything that it refers to. Fetched once; ids never change their meaning.

        Args:
            schema_id: The id that a message carries.

        Raises:
            SchemaNotFound: The registry does not know the id.
            RegistryError: The registry cannot be asked, or what it holds under the id is not Avro.
        """
        return self._schema(schema_id)

    def writer_schema_by_guid(self, guid: UUID | str) -> avro.Schema:
        """The schema of a GUID, which newer clients put into a header in place of an id.

        Args:
            guid: The GUID.

        Raises:
            SchemaNotFound: The registry does not know it; older registries know none.
            RegistryError: The registry cannot be asked, or what it holds under the GUID is not Avro.
        """
        return self._schema(guid if isinstance(guid, UUID) else UUID(guid))

    # What tools ask

    def register(self, subject: str, document: Document, documents: Mapping[str, Document]) -> Registered:
        """Register a schema; one that is there already stays as it is.

        Args:
            subject: The subject.
            document: The schema. Those that it refers to are registered already.
            documents: Where its references are found, by name.

        Raises:
            SchemaRejected: It is invalid, or incompatible with what is registered.
            SchemaNotRegistered: One that it refers to is not registered.
            RegistryError: The registry cannot be asked.
        """
        self._registered.forget(_key(subject, closure(document, documents)))
        untyped: Any = self._client
        untyped.clear_caches()  # confluent's client would answer for a subject that was deleted meanwhile
        try:
            return self.look_up(subject, document, documents)
        except SchemaNotRegistered:
            return self.add(subject, document, documents)

    def add(self, subject: str, document: Document, documents: Mapping[str, Document]) -> Registered:
        """Register a schema of which it is known that it is not there yet: that saves :meth:`register`'s first question.

        Args:
            subject: The subject.
            document: The schema. Those that it refers to are registered already.
            documents: Where its references are found, by name.

        Raises:
            SchemaRejected: It is invalid, or incompatible with what is registered.
            SchemaNotRegistered: One that it refers to is not registered.
            RegistryError: The registry cannot be asked, or it takes no schemas now.
        """
        schema = self._as_sent(document, documents)
        self._ask(
            f"register {document.name} under the subject {subject}",
            lambda: self._client.register_schema(self._there(subject), schema),
        )
        # Not every registry answers with the version; and what counts is what a producer will find.
        return replace(self.look_up(subject, document, documents), new=True)

    def subjects(self, prefix: str = "") -> list[str]:
        """All subjects, sorted.

        Args:
            prefix: What their names begin with.
        """
        names = self._ask(
            "list the subjects",
            lambda: answers.texts(self._client.get_subjects(subject_prefix=self._there(prefix) or None)),
        )
        here = (name for context, name in map(taken_apart, names) if context == self._context)
        return sorted(name for name in here if name.startswith(prefix))  # not every registry knows prefixes

    def versions(self, subject: str) -> list[int]:
        """The numbers of a subject's versions, oldest first; none when there is no such subject."""
        try:
            numbers = self._ask(
                f"list the versions of the subject {subject}",
                lambda: answers.numbers(self._client.get_versions(self._there(subject))),
            )
        except SchemaNotFound:
            return []
        return sorted(numbers)

    def version(self, subject: str, number: int) -> SchemaVersion:
        """One version of a subject.

        Raises:
            SchemaNotFound: There is no such version.
        """
        return self._version(subject, number)

    def search(self, prefix: str, *, newest: bool = False) -> list[SchemaVersion] | None:
        """The live versions of all subjects whose names begin with something, in few requests.

        Args:
            prefix: What the names begin with.
            newest: Whether the newest version of each is enough; a registry may give the others all the same.

        Returns:
            The versions, or None where the registry cannot say: Apicurio 2 has no such call, Apicurio 3 leaves out which
            subjects they are of, Karapace does not search.
        """
        found: dict[tuple[str, int], SchemaVersion] = {}
        while True:
            query = {
                "subjectPrefix": self._there(prefix),
                "latestOnly": str(newest).lower(),
                "offset": len(found),
                "limit": PAGE,
            }
            try:
                page = self._ask(f"search the subjects {prefix}...", partial(self._page, query))
            except SchemaNotFound:
                return None
            if page is None or not all(version.subject.startswith(prefix) for version in page):
                return None
            fresh = {(version.subject, version.version): version for version in page}
            if len(page) < SMALLEST_PAGE or fresh.keys() <= found.keys():
                return list((found | fresh).values())
            found |= fresh

    def latest(self, subject: str) -> SchemaVersion | None:
        """The newest version of a subject, or None when it has none."""
        try:
            return self._ask(
                f"fetch the newest version of the subject {subject}",
                lambda: self._here(subject, self._client.get_version(self._there(subject), "latest")),
            )
        except SchemaNotFound:
            return None

    def delete_version(self, subject: str, number: int) -> None:
        """Delete a version, softly: it can still be fetched by its id, and no longer counts.

        Raises:
            SchemaNotFound: There is no such version.
            RegistryError: Other schemas refer to it, or the registry cannot be asked.
        """
        self._ask(
            f"delete version {number} of the subject {subject}",
            lambda: self._client.delete_version(self._there(subject), number),
        )

    def delete_subject(self, subject: str) -> None:
        """Delete a subject with all its versions, softly: they can still be fetched by their ids.

        Raises:
            SchemaNotFound: There is no such subject.
            RegistryError: Other schemas refer to it, or the registry cannot be asked.
        """
        self._ask(f"delete the subject {subject}", lambda: self._client.delete_subject(self._there(subject)))

    def get_level(self, subject: str | None = None) -> str | None:
        """A subject's own compatibility level, or None when it has none; without a subject the registry's default.

        Apicurio answers with its default for a subject that exists and has no level of its own.
        """
        if subject is None:
            return self._default_level()
        try:
            return self._ask(
                f"ask for the level of the subject {subject}",
                lambda: answers.text(self._client.get_compatibility(self._there(subject))),
            )
        except SchemaNotFound:
            return None

    def set_level(self, subject: str | None, level: str) -> None:
        """Set the compatibility level of a subject, or the registry's default.

        Args:
            subject: The subject; None for the default.
            level: ``NONE``, ``BACKWARD``, ``FORWARD``, ``FULL``, or one of these with ``_TRANSITIVE``.
        """
        of = f"the level of the subject {subject}" if subject is not None else "the default level"
        there = self._there(subject or "") or None
        self._ask(f"set {of} to {level}", lambda: self._client.set_compatibility(there, level))

    def get_mode(self, subject: str | None = None) -> str:
        """The mode that counts for a subject; without a subject the registry's own.

        Args:
            subject: The subject, which need not exist.

        Returns:
            ``READWRITE``, ``READONLY``, ``READONLY_OVERRIDE``, ``IMPORT`` or ``FORWARD``. Schemas can be registered under
            READWRITE only; a registry that has no modes (Apicurio 2) is always in it.

        Raises:
            RegistryError: The registry cannot be asked.
        """
        of = f"of the subject {subject}" if subject is not None else "of the registry"
        there = self._there(subject or "")
        path, query = (f"mode/{quote(there, safe='')}", {"defaultToGlobal": "true"}) if there else ("mode", {})
        untyped: Any = self._client  # confluent's own method for this does not ask for the mode that is inherited
        try:
            return self._ask(
                f"ask for the mode {of}",
                lambda: answers.text(untyped._rest_client.get(path, query)["mode"]),  # noqa: SLF001
            )
        except SchemaNotFound:
            return READWRITE

    def compatible(self, subject: str, schema: avro.Schema) -> Verdict | None:
        """Ask whether a schema may become the next version of a subject, by the registry's own rules and level.

        Args:
            subject: The subject.
            schema: The schema; it is sent with everything that it refers to, so that nothing has to be registered yet.

        Returns:
            The registry's answer, or None where it has none, because it does not know the subject.

        Raises:
            RegistryError: The registry cannot be asked.
        """
        path = f"compatibility/subjects/{quote(self._there(subject), safe='')}/versions?verbose=true"
        body = {"schema": json.dumps(closed(schema), ensure_ascii=False)}
        untyped: Any = self._client  # confluent's own method for this leaves out the reasons
        try:
            return self._ask(
                f"ask about the next version of the subject {subject}",
                lambda: answers.verdict(untyped._rest_client.post(path, body)),  # noqa: SLF001
            )
        except SchemaNotFound:
            return None
        except SchemaRejected as error:
            return Verdict(False, (str(error),))

    def close(self) -> None:
        """Close the connections. The client cannot be used afterwards."""
        if not self._closed:
            self._closed = True
            # Confluent's client could be left as a context long before it had a method for it.
            untyped: Any = self._client
            untyped.__exit__(None, None, None)
            issuer = getattr(untyped._rest_client.bearer_field_provider, "client", None)  # noqa: SLF001
            if issuer is not None:  # confluent's client leaves the connection open over which it fetched tokens
                issuer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Registry({self.url!r})"

    # How

    def _ask(self, doing: str, call: Callable[[], T]) -> T:
        if self._closed:
            raise RegistryError(f"cannot {doing}: this registry client was closed")
        with translated(self.url, doing):
            return call()

    def _page(self, query: Mapping[str, Any]) -> list[SchemaVersion] | None:
        # The one request for which confluent's client has no method.
        untyped: Any = self._client
        page = answers.page(untyped._rest_client.get("schemas", query))  # noqa: SLF001
        return None if page is None else [self._named_here(version) for version in page]

    def _there(self, subject: str) -> str:
        """What the registry calls a subject; an empty one is the whole context, and nothing where that is the default one."""
        return qualified(subject, self._context)

    def _here(self, subject: str, found: RegisteredSchema) -> SchemaVersion:
        return replace(self._named_here(answers.version(subject, found)), subject=subject)

    def _named_here(self, version: SchemaVersion) -> SchemaVersion:
        """A version by the names that subjects have in this context."""
        references = tuple(replace(one, subject=within(one.subject, self._context)) for one in version.references)
        return replace(version, subject=within(version.subject, self._context), references=references)

    def _default_level(self) -> str:
        if there := self._there(""):
            try:
                return self._ask(
                    "ask for the default level of the context",
                    lambda: answers.text(self._client.get_compatibility(there)),
                )
            except SchemaNotFound:
                pass
        return self._ask("ask for the default level", lambda: answers.text(self._client.get_compatibility()))

    def _look_up(self, subject: str, whole: Sequence[Document], documents: Mapping[str, Document]) -> Registered:
        document = whole[-1]
        schema = self._as_sent(document, documents)
        try:
            return self._ask(
                f"look up {document.name} under the subject {subject}",
                lambda: answers.registered(subject, self._client.lookup_schema(self._there(subject), schema)),
            )
        except SchemaNotFound as error:
            other = None if error.code == _NO_SUBJECT else self._same_by_meaning(subject, whole)
            if other is not None:
                return other
            raise SchemaNotRegistered(
                f"{document.name} is not registered under the subject {subject} in the schema registry at {self.url}; "
                f"register the contracts with: kontrakt apply --registry {self.url}",
                status=error.status,
                code=error.code,
            ) from error

    def _same_by_meaning(self, subject: str, whole: Sequence[Document]) -> Registered | None:
        """The newest version that says the same in another way.

        A registry may compare texts (Apicurio 2: white space counts) and the order of references (Apicurio 2 and 3), so
        that it does not find a schema that another tool registered.
        """
        wanted = closed(_parsed([document.text for document in whole]))
        for number in reversed(self.versions(subject)):
            version = self._version(subject, number)
            if version.type != "AVRO":
                continue
            texts = texts_of(version, self._version)
            try:
                same = bool(closed(_parsed(texts)) == wanted)
            except (SchemaErrors, RecursionError):
                continue
            if same:
                return Registered(subject, version.id, version.version)
        return None

    def _as_sent(self, document: Document, documents: Mapping[str, Document]) -> RegistrySchema:
        from confluent_kafka.schema_registry import Schema as RegistrySchema
        from confluent_kafka.schema_registry import SchemaReference

        references: list[SchemaReference] = []
        for name in document.references:
            used = documents[name]
            found = self.look_up(used.subject, used, documents)
            references.append(SchemaReference(name=name, subject=used.subject, version=found.version))
        return RegistrySchema(document.text, "AVRO", references)

    def _schema(self, key: int | UUID) -> avro.Schema:
        return self._schemas.get(key, lambda: self._fetch(key))

    def _fetch(self, key: int | UUID) -> avro.Schema:
        named = f"schema id {key}" if isinstance(key, int) else f"the schema with the GUID {key}"
        if isinstance(key, int):
            of = self._there("") or None  # ids too are those of a context
            version = self._ask(f"fetch {named}", lambda: answers.content(self._client.get_schema(key, of)))
        else:
            version = self._ask(f"fetch {named}", lambda: answers.content(self._client.get_schema_by_guid(str(key))))
        if version.type != "AVRO":
            raise RegistryError(f"{named} in the registry at {self.url} is a {version.type} schema, not an Avro schema")
        texts = texts_of(version, self._version)
        try:
            return _parsed(texts, file=f"<{named}>")
        except SchemaErrors as error:
            raise RegistryError(f"{named} in the registry at {self.url} cannot be read: {error}") from error

    def _version(self, subject: str, number: int) -> SchemaVersion:
        return self._ask(
            f"fetch version {number} of the subject {subject}",
            # A version that was deleted softly still explains what was written with it.
            lambda: self._here(subject, self._client.get_version(self._there(subject), number, deleted=True)),
        )


def _key(subject: str, whole: Iterable[Document]) -> tuple[str, tuple[tuple[str, str], ...]]:
    return subject, tuple((document.subject, document.text) for document in whole)


def _parsed(texts: Sequence[str], file: str = "<text>") -> avro.Schema:
    """The last of some schemas, each of which may use the types of those before it."""
    trees: list[avro.Schema] = []
    for text in texts:
        trees.append(avro.parse(text, file=file, strict=False, references=trees))
    return trees[-1]
