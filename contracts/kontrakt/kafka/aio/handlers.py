"""Bases of generated classes for asyncio whose methods users write."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar


class AsyncEventHandler(ABC):
    """Base of the generated asyncio handlers: a coroutine function for each type of event.

    Attributes:
        handles: The name of the method that handles each type.
    """

    handles: ClassVar[Mapping[type[Any], str]]


class AsyncRequestService(ABC):  # noqa: B024 - its methods are generated
    """Base of the generated asyncio services: a coroutine function for each operation."""
