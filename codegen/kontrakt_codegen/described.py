"""Clients as the templates of topics see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderField:
    """A header that is declared.

    Attributes:
        attribute: The field that holds it.
        annotation: Its type.
        name: Its name on a message.
        format: How it is written.
        optional: Whether a message may lack it.
        doc: The field's docstring.
    """

    attribute: str
    annotation: str
    name: str
    format: str
    optional: bool
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicClient:
    """An entity or event topic, or a view of one.

    Attributes:
        name: The class.
        doc: Its docstring.
        base: The runtime's class that it derives from.
        key_type: The annotation of keys.
        key: The expression that makes the key's description.
        topic: The topic's name.
        values: The classes of the records.
        subjects: The naming strategy of the subjects; empty for the usual one.
        id: The field that holds an event's id; empty where none is declared.
        time: The field that says when an event happened; empty where none is declared.
        headers: The headers that are declared.
        handlers: The methods of its handler; empty where it has none.
    """

    name: str
    doc: str
    base: str
    key_type: str
    key: str
    topic: str
    values: tuple[str, ...]
    subjects: str
    id: str
    time: str
    headers: tuple[HeaderField, ...]
    handlers: tuple[HandlerMethod, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerMethod:
    """What handles one type of event.

    Attributes:
        name: The method.
        value: Its class.
        doc: The method's docstring.
    """

    name: str
    value: str
    doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        name: Its name.
        field: The name of the request's field.
        annotation: Its type.
        default: What follows the annotation.
        value: What the request's field is given.
    """

    name: str
    field: str
    annotation: str
    default: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationMethods:
    """An operation, as the client and the service have it.

    Attributes:
        name: The operation, as the protocol calls it.
        method: The methods for it.
        renamed: Whether they are not called as the operation is.
        request: The class of its request.
        response: The class of its response; empty for a one-way operation.
        parameters: What the client's method takes.
        timeout: The name of the client method's parameter for the timeout.
        idempotency_key: The name of the client method's parameter for the idempotency key.
        headers: The name of the client method's parameter for the declared headers.
        answer: The name of the client method's variable for the answer.
        returns: What both methods return.
        answers: Whether there is something to return.
        tag: What a TypedDict request carries under ``"-type"``; empty where it has none.
        doc: The docstring of the client's method.
        service_doc: The docstring of the service's method.
    """

    name: str
    method: str
    renamed: bool
    request: str
    response: str
    parameters: tuple[Parameter, ...]
    timeout: str
    idempotency_key: str
    headers: str
    answer: str
    returns: str
    answers: bool
    tag: str
    doc: str
    service_doc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestsClient:
    """A pair of request topics.

    Attributes:
        name: The class.
        doc: Its docstring.
        topic: The name that both topics begin with.
        key: The expression that makes the key's description.
        timeout: The expression of its timeout.
        headers: The headers that are declared.
        headers_needed: Whether a request cannot go without them.
        operations: Its operations.
    """

    name: str
    doc: str
    topic: str
    key: str
    timeout: str
    headers: tuple[HeaderField, ...]
    headers_needed: bool
    operations: tuple[OperationMethods, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorClass:
    """A declared error.

    Attributes:
        name: The class.
        doc: Its docstring.
        fields: Its fields: each with name, annotation, default and docstring.
    """

    name: str
    doc: str
    fields: tuple[dict[str, Any], ...]
