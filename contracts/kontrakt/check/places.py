"""Where things stand. The records that carry operations stand in no file; they are where their message is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontrakt.avro import Field, Named

if TYPE_CHECKING:
    from kontrakt.avro import Message, Schema
    from kontrakt.contract import Contracts
    from kontrakt.errors import Position

    from .clashes import Part


class Places:
    """Tells where the fields and types of contracts stand.

    Args:
        contracts: The contracts; None for a registry, whose schemas hold everything themselves.
    """

    def __init__(self, contracts: Contracts | None) -> None:
        self._messages: dict[str, Message] = {}
        for pair in contracts.requests if contracts is not None else ():
            for operation in pair.operations:
                for record in filter(None, (operation.request, operation.response)):
                    self._messages[record.fullname] = operation.message

    def __call__(self, around: Schema | None, part: Part) -> Position | None:
        """Where a field or a type stands.

        Args:
            around: The type around it, or None.
            part: The field or the type; None gives None.
        """
        if part is None:
            return None
        if not isinstance(around, Named) or not isinstance(part, Field):
            return part.position
        message = self._messages.get(around.fullname)
        if message is None or around.position != message.position:  # a registry's is a file of its own
            return part.position
        parameter = next((one for one in message.request if one.name == part.name), None)
        if parameter is not None and around.fullname.endswith("Request"):
            return parameter.position
        return message.source.at("errors" if part.name == "error" else "response")
