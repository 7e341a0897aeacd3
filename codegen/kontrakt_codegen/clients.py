"""Clients: from contracts to what the templates of topics see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from kontrakt.avro import Enum, Field, Record
from kontrakt.codec.bundle import Style
from kontrakt.contract import (
    Header,
    HeaderType,
    Key,
    KeyFormat,
    Kind,
    Operation,
    RequestTopics,
    SubjectStrategy,
    Topic,
)

from . import naming
from .defaults import Defaults
from .described import (
    ErrorClass,
    HandlerMethod,
    HeaderField,
    OperationMethods,
    Parameter,
    RequestsClient,
    TopicClient,
)
from .docs import docstring, listed, reads, summary
from .models import Names
from .placement import View, referred
from .scope import Scope

_HEADER_TYPES: Final[Mapping[HeaderType, str]] = {
    HeaderType.STRING: "str",
    HeaderType.UUID: "UUID",
    HeaderType.INT: "int",
    HeaderType.LONG: "int",
    HeaderType.BYTES: "bytes",
}


_OF_REQUESTS: Final = (
    "AsyncBus",
    "AsyncRequestClient",
    "AsyncRequestService",
    "Bus",
    "Operation",
    "RequestClient",
    "RequestMeta",
    "RequestService",
    "Requests",
)
"""What the module of a protocol imports."""


class Clients:
    """Describes the clients of one module.

    Args:
        style: What records are.
        scope: The module's scope; what a client uses is imported.
        names: The Python names of fields.
        tagged: The records whose dictionaries carry ``"-type"``.
        subjects: The schema of each subject, as it is registered.
    """

    def __init__(
        self, style: Style, scope: Scope, names: Names, tagged: frozenset[str], subjects: Mapping[str, str]
    ) -> None:
        self._style = style
        self._scope = scope
        self._names = names
        self._tagged = tagged
        self._subjects = subjects
        self._defaults = Defaults(scope, names, records=style is not Style.TYPEDDICT)

    # --- entities and events ------------------------------------------------------------------------------------------

    def topic(self, name: str, topic: Topic) -> TopicClient:
        """The client of a topic.

        Args:
            name: Its class.
            topic: The topic.
        """
        beside = topic.key is not None and not topic.key.inside
        entity = topic.kind is Kind.ENTITY
        base = ("Keyed" if beside else "") + ("Entity" if entity else "Events")
        subject = topic.values[0].doc if entity else ""
        doc = [subject or f"{'Entities' if entity else 'The events'} of ``{topic.name}``.", _about(topic)]
        handlers = () if entity else tuple(self._handlers(topic.values))
        if handlers:
            self._scope.uses("abc", "abstractmethod")
            self._scope.uses("kontrakt", "AsyncEventHandler", "EventHandler", "Meta")
        return self._client(name, base, topic, topic.values, doc, handlers)

    def view(self, name: str, view: View) -> TopicClient:
        """The client of a view: it reads, and never writes.

        Args:
            name: Its class.
            view: The view.
        """
        topic = view.topic
        consumers = (projection.consumer for projection in view.projections)
        doc = [reads(consumers, (topic.name,)), _about(topic)]
        base = "EntityView" if topic.kind is Kind.ENTITY else "EventsView"
        return self._client(name, base, topic, [projection.record for projection in view.projections], doc, ())

    def _client(
        self,
        name: str,
        base: str,
        topic: Topic,
        values: Sequence[Record],
        doc: Sequence[str],
        handlers: tuple[HandlerMethod, ...],
    ) -> TopicClient:
        self._scope.uses("kontrakt", base)
        return TopicClient(
            name=name,
            doc=docstring("\n\n".join(filter(None, doc))),
            base=base,
            key_type=self._scope.annotation(topic.key.schema) if topic.key else "None",
            key=self._key(topic.key, values, topic.key_subject),
            topic=_quoted(topic.name),
            values=tuple(self._scope.use(record.fullname) for record in values),
            subjects="" if topic.subjects is SubjectStrategy.TOPIC else _quoted(topic.subjects.value),
            id=self._stamp(values, topic.id),
            time=self._stamp(values, topic.time),
            headers=self._headers(topic),
            handlers=handlers,
        )

    def _stamp(self, values: Sequence[Record], field: str) -> str:
        """The attribute that holds the id or the time of events, quoted; a projection may call it otherwise, or lack it."""
        read = (one.name for record in values for one in record.fields if field in (one.name, *one.aliases))
        found = next(read, "") if field else ""
        return _quoted(self._attribute(values, found)) if found else ""

    def _headers(self, topic: Topic | RequestTopics) -> tuple[HeaderField, ...]:
        """The fields of the class of declared headers."""
        if topic.headers:
            self._scope.uses("dataclasses", "dataclass")
            self._scope.uses("kontrakt", "DeclaredHeaders")
        attributes = naming.header_attributes(header.name for header in topic.headers)
        return tuple(self._header(header, attributes[header.name]) for header in topic.headers)

    def _header(self, header: Header, attribute: str) -> HeaderField:
        if header.type is HeaderType.UUID:
            self._scope.uses("uuid", "UUID")
        return HeaderField(
            attribute=attribute,
            annotation=_HEADER_TYPES[header.type] + (" | None" if header.optional else ""),
            name=_quoted(header.name),
            format=_quoted(header.type.value),
            optional=header.optional,
            doc=docstring(header.doc, indent=8),
        )

    def _handlers(self, values: Sequence[Record]) -> Iterator[HandlerMethod]:
        classes = {record.fullname: self._scope.use(record.fullname) for record in values}
        taken: set[str] = set()
        for fullname, record in zip(classes, values, strict=True):
            method = naming.free(f"on_{naming.snake(classes[fullname])}", taken)
            taken.add(method)
            doc = docstring(record.doc or f"Handles {classes[fullname]}.", indent=12)
            yield HandlerMethod(name=method, value=classes[fullname], doc=doc)

    # --- keys ---------------------------------------------------------------------------------------------------------

    def _key(self, key: Key | None, values: Sequence[Record], subject: str) -> str:
        """The expression that makes a key's description."""
        if key is None:
            return "None"
        self._scope.uses("kontrakt", "Key")
        arguments = [_quoted(self._attribute(values, name)) for name in key.fields]
        schema = key.schema
        if isinstance(schema, Record | Enum):
            arguments.append(f"type={self._scope.use(schema.fullname)}")
        elif key.format is KeyFormat.AVRO:
            arguments.append(f"schema={_quoted(self._subjects[subject])}")
        elif key.format is not KeyFormat.STRING:
            arguments.append(f"format={_quoted(key.format.value)}")
        elif schema.logical is not None or not key.fields:
            arguments.append(f"type={self._scope.annotation(schema)}")
        return f"Key({', '.join(arguments)})"

    def _attribute(self, values: Sequence[Record], field: str) -> str:
        """The name of a key's field in the value. A projection may lack it: it only decodes keys."""
        if self._style is Style.TYPEDDICT:
            return field
        return next((names[field] for record in values if field in (names := self._names(record))), field)

    # --- requests -----------------------------------------------------------------------------------------------------

    def requests(self, name: str, topics: RequestTopics) -> RequestsClient:
        """The client and the service of a protocol.

        Args:
            name: Its class.
            topics: The pair of topics.
        """
        self._scope.uses("abc", "abstractmethod")
        self._scope.uses("kontrakt", *_OF_REQUESTS)
        self._scope.uses("typing", "overload")
        self._scope.imports.add_module("datetime as dt")
        doc = [topics.protocol.doc or f"The operations of ``{topics.name}``.", _about(topics)]
        names = (operation.name for operation in topics.operations)
        methods = naming.attributes(names, naming.RESERVED_METHODS | self._named_by(topics.operations))
        return RequestsClient(
            name=name,
            doc=docstring("\n\n".join(filter(None, doc))),
            topic=_quoted(topics.name),
            key=self._key(topics.key, [operation.request for operation in topics.operations], f"{topics.requests}-key"),
            timeout=_timedelta(topics.timeout),
            headers=self._headers(topics),
            headers_needed=not all(header.optional for header in topics.headers),
            operations=tuple(
                self._operation(operation, methods[operation.name], bool(topics.headers))
                for operation in topics.operations
            ),
        )

    def _named_by(self, operations: Iterable[Operation]) -> frozenset[str]:
        """The classes that the annotations of the methods name."""
        inside = (
            fullname
            for operation in operations
            for schema in (operation.request, operation.message.response)
            for fullname in referred(schema)
        )
        requests = (operation.request.fullname for operation in operations)
        return frozenset(map(self._scope.use, (*requests, *inside)))

    def _operation(self, operation: Operation, method: str, headers_declared: bool) -> OperationMethods:
        message = operation.message
        answers = operation.response is not None and message.response.type != "null"
        request = operation.request
        taken = naming.RESERVED_ATTRIBUTES[Style.DATACLASS] | self._names.classes(request)
        names = naming.attributes((field.name for field in request.fields), taken)
        parameters = [self._parameter(field, names[field.name]) for field in request.fields]
        errors = {
            self._scope.use(error.fullname): summary(error.doc) or "The service declares it."
            for error in operation.errors
        }
        returns = self._scope.annotation(message.response) if answers else "None"
        timeout, idempotency_key, headers = (
            naming.free(name, names.values()) for name in ("timeout", "idempotency_key", "headers")
        )
        arguments = {names[field.name]: summary(field.doc) for field in request.fields if field.doc}
        if arguments and operation.response:
            arguments[timeout] = "How long to wait; the topic's own timeout unless given."
        if arguments:
            arguments[idempotency_key] = "Says of several requests that they are the same one, sent again."
        if arguments and headers_declared:
            arguments[headers] = "What stands beside the request."
        text = message.doc or f"Requests ``{operation.name}``."
        return OperationMethods(
            name=_quoted(operation.name),
            method=method,
            renamed=method != operation.name,
            request=self._scope.use(request.fullname),
            response=self._scope.use(operation.response.fullname) if operation.response else "",
            parameters=tuple(sorted(parameters, key=lambda parameter: bool(parameter.default))),
            timeout=timeout,
            idempotency_key=idempotency_key,
            headers=headers,
            answer=naming.free("answer", names.values()),
            returns=returns,
            answers=answers,
            tag=_quoted(request.fullname) if request.fullname in self._tagged else "",
            doc=docstring(text + _sections(arguments, errors), indent=12),
            service_doc=docstring(message.doc or f"Answers ``{operation.name}``.", indent=12),
        )

    def _parameter(self, field: Field, name: str) -> Parameter:
        annotation = self._scope.annotation(field.schema)
        default = self._defaults.of(field)
        written, value = "", name
        if default is not None and not default.mutable:
            written = f" = {default.expression}"
        elif default is not None and "None" not in annotation.split(" | "):
            annotation += " | None"
            written = " = None"
            value = f"{default.expression} if {name} is None else {name}"
        return Parameter(
            name=name,
            field=_quoted(field.name) if self._style is Style.TYPEDDICT else name,
            annotation=annotation,
            default=written,
            value=value,
        )

    # --- errors -------------------------------------------------------------------------------------------------------

    def error(self, record: Record, fields: Sequence[dict[str, Any]]) -> ErrorClass:
        """A declared error.

        Args:
            record: The error.
            fields: What ``models.Models.field`` says of each field.
        """
        self._scope.uses("dataclasses", "dataclass")
        self._scope.uses("kontrakt", "DeclaredError")
        return ErrorClass(
            name=self._scope.use(record.fullname),
            doc=docstring(record.doc),
            fields=tuple(
                {**field, "annotation": self._scope.annotation(written.schema)}
                for field, written in zip(fields, record.fields, strict=True)
            ),
        )


def _sections(arguments: Mapping[str, str], errors: Mapping[str, str]) -> str:
    """The sections of an operation's docstring: its arguments and what it raises."""
    sections = (("Args", arguments), ("Raises", errors))
    return "".join(
        f"\n\n{title}:\n" + "\n".join(f"    {name}: {text}" for name, text in entries.items())
        for title, entries in sections
        if entries
    )


def _about(topic: Topic | RequestTopics) -> str:
    """Who owns a topic, and what its key is."""
    parts = [f"Owned by {topic.owner}." if topic.owner else ""]
    if topic.key is None:
        parts.append("Messages have no key.")
    elif topic.key.inside:
        parts.append(f"The key is {listed(f'``{name}``' for name in topic.key.fields)}.")
    else:
        parts.append("The key stands beside the value.")
    if topic.stability != "stable":
        parts.append(f"Stability: {topic.stability}.")
    if topic.deprecated:
        parts.append(f"Deprecated: {topic.deprecated}")
    return " ".join(filter(None, parts))


def _timedelta(duration: timedelta) -> str:
    """The expression of a duration, in the largest unit that says it whole."""
    micros = duration // timedelta(microseconds=1)
    for unit, size in (
        ("hours", 3_600_000_000),
        ("minutes", 60_000_000),
        ("seconds", 1_000_000),
        ("milliseconds", 1000),
    ):
        if micros % size == 0:
            return f"dt.timedelta({unit}={micros // size})"
    return f"dt.timedelta(microseconds={micros})"


def _quoted(text: str) -> str:
    return json.dumps(text)
