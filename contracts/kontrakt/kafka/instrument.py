"""What is told of messages that are sent and handled, to whoever wants to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from confluent_kafka import Message

    from kontrakt.errors import DeliveryError

    from .delivery import Sent
    from .messages import Headers

Ended: TypeAlias = "Callable[[Sent | DeliveryError], None]"


class Instrument(Protocol):
    """Is told of messages that are sent and handled; called from several threads.

    A bus has one, ``bus.instrument``, which does nothing unless another one is given to ``kontrakt.connect(instrument=...)``.
    """

    def sending(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers | None
    ) -> tuple[Headers | None, Ended | None]:
        """A message is about to be sent.

        Returns:
            The headers that it is sent with, and what to call with where it stands, or why it does not; None for nothing.
        """
        ...

    def handling(self, messages: Sequence[Message], group: str) -> AbstractContextManager[None]:
        """Messages are about to be handled, one or several together.

        Returns:
            What is entered before the handler is called, and left when it has returned or failed.
        """
        ...


class Silent:
    """Does nothing."""

    def sending(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers | None
    ) -> tuple[Headers | None, Ended | None]:
        """Nothing happens."""
        del topic, key, value
        return headers, None

    def handling(self, messages: Sequence[Message], group: str) -> AbstractContextManager[None]:
        """Nothing happens."""
        del messages, group
        return _NOTHING


_NOTHING: Final = nullcontext()
SILENT: Final = Silent()
