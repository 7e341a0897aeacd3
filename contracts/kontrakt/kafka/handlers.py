"""What an event is handed to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from .topics import EventHandler

if TYPE_CHECKING:
    from .messages import Meta


def handling(
    handler: EventHandler | Callable[[Any], object], types: Collection[type[Any]]
) -> Callable[[type[Any], Any], None]:
    """A function that is called with the type of an event, and the event.

    Args:
        handler: An instance of a generated handler, whose method for the type is called; or a function that takes every event.
        types: The types that travel on the topic.

    Raises:
        TypeError: The handler is one of another topic.
    """
    if not isinstance(handler, EventHandler):

        def whole(_kind: type[Any], event: Any) -> None:
            handler(event)

        return whole
    methods = methods_of(handler, types)
    return lambda kind, event: methods[kind](event.value, event.meta)


def methods_of(handler: EventHandler, types: Collection[type[Any]]) -> Mapping[type[Any], Callable[[Any, Meta], None]]:
    """What a handler calls for each type of event.

    Args:
        handler: The handler.
        types: The types that travel on the topic.

    Raises:
        TypeError: The handler is one of another topic.
    """
    if missing := [kind.__name__ for kind in types if kind not in handler.handles]:
        raise TypeError(f"{type(handler).__name__} does not handle {', '.join(missing)}")
    return {kind: getattr(handler, name) for kind, name in handler.handles.items()}
