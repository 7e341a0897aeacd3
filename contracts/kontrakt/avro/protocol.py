"""Protocols: ``.avpr`` files (Avro specification, "Protocol Declaration")."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from . import defaults, names
from .attributes import props
from .builder import Builder
from .schema import Message, Named, Primitive, Protocol, Record, Schema, Unknown

if TYPE_CHECKING:
    from .node import Node

PROTOCOL_ATTRIBUTES: Final = frozenset(("protocol", "namespace", "doc", "types", "messages"))
MESSAGE_ATTRIBUTES: Final = frozenset(("doc", "request", "response", "errors", "one-way"))
_NAMED: Final = ("record", "error", "enum", "fixed")


class ProtocolBuilder:
    """Builds protocols; like the trees inside, they are complete after the builder's ``link``.

    Args:
        builder: Takes the types that are inside.
    """

    def __init__(self, builder: Builder) -> None:
        self._builder = builder

    def build(self, node: Node) -> Protocol | None:
        """Build the protocol that an object declares; None where it is no object."""
        builder = self._builder
        if not isinstance(node.value, dict):
            builder.problem(node.position, "a protocol must be an object")
            return None
        fullname = builder.name(node, "protocol", "", "a protocol")
        protocol = Protocol(
            fullname=fullname,
            types=(),
            messages={},
            source=node,
            doc=builder.text(node, "doc", "a protocol"),
            props=props(node, PROTOCOL_ATTRIBUTES),
        )
        before = len(builder.defined)
        self._types(node, protocol.namespace)
        protocol.messages = self._messages(node, protocol.namespace)
        protocol.types = tuple(builder.defined.values())[before:]
        return protocol

    def _types(self, node: Node, namespace: str) -> None:
        listed = node.members.get("types")
        if listed is None:
            return
        if not isinstance(listed.value, list):
            self._builder.problem(listed.position, '"types" must be an array of named types')
            return
        for item in listed.items:
            if "type" in item.members and item.members["type"].value in _NAMED:
                self._builder.build(item, _ignore, namespace)
            else:
                self._builder.problem(item.position, "expected the definition of a named type")

    def _messages(self, node: Node, namespace: str) -> dict[str, Message]:
        listed = node.members.get("messages")
        if listed is None:
            return {}
        if not isinstance(listed.value, dict):
            self._builder.problem(listed.position, '"messages" must be an object of messages by name')
            return {}
        messages: dict[str, Message] = {}
        for name, item in listed.members.items():
            if not names.is_name(name):
                self._builder.problem(
                    listed.keys[name], f'"{name}" is not a name for a message', f"a name has {names.NAME_RULE}"
                )
            if isinstance(item.value, dict):
                messages[name] = self._message(name, item, namespace)
            else:
                self._builder.problem(item.position, "a message must be an object")
        return messages

    def _message(self, name: str, node: Node, namespace: str) -> Message:
        builder = self._builder
        one_way = node.members.get("one-way")
        if one_way is not None and not isinstance(one_way.value, bool):
            builder.problem(one_way.position, '"one-way" must be true or false')
        message = Message(
            name=name,
            request=(),
            response=Unknown(source=node),
            source=node,
            one_way=one_way is not None and one_way.value is True,
            doc=builder.text(node, "doc", "a message"),
            props=props(node, MESSAGE_ATTRIBUTES),
        )
        parameters = builder.listed(node, "request", "a message")
        message.request = builder.parameters(parameters, namespace, node)
        self._response(node, message, namespace)
        self._errors(node, message, namespace)
        return message

    def _response(self, node: Node, message: Message, namespace: str) -> None:
        response = node.members.get("response")
        if response is not None:
            self._builder.build(response, partial(setattr, message, "response"), namespace)
            if message.one_way and response.value not in ("null", {"type": "null"}):
                self._builder.problem(
                    response.position, f'nobody answers the one-way message "{message.name}"', 'its response is "null"'
                )
        elif message.one_way:
            message.response = Primitive(type="null", source=node)
        else:
            self._builder.problem(
                node.position, f'the message "{message.name}" needs a response', 'write "null" where it answers nothing'
            )

    def _errors(self, node: Node, message: Message, namespace: str) -> None:
        builder = self._builder
        listed = node.members.get("errors")
        if listed is None:
            return
        if not isinstance(listed.value, list):
            builder.problem(listed.position, '"errors" must be an array of errors')
            return
        if message.one_way and listed.items:
            builder.problem(listed.position, f'the one-way message "{message.name}" cannot answer with errors')
        errors: list[Schema] = [Unknown(source=item) for item in listed.items]
        for index, item in enumerate(listed.items):
            builder.build(item, partial(errors.__setitem__, index), namespace)
        builder.later(lambda: self._check_errors(message, errors, listed))

    def _check_errors(self, message: Message, errors: list[Schema], listed: Node) -> None:
        kept: list[Schema] = []
        for error, item in zip(errors, listed.items, strict=True):
            if isinstance(error, Record) and error.type == "error":
                if error in kept:
                    self._builder.problem(item.position, f"the error {error.fullname} stands twice")
                else:
                    kept.append(error)
            elif not isinstance(error, Unknown):
                what = error.fullname if isinstance(error, Named) else defaults.shown(item.value)
                hint = 'write "type": "error" in its definition' if isinstance(error, Record) else "declare an error"
                self._builder.problem(item.position, f"{what} is not an error", hint)
        message.errors = tuple(kept)


def _ignore(schema: Schema) -> None:
    """The builder keeps definitions itself."""
