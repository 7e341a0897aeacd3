"""What forked children must know: the threads of librdkafka stay in the parent."""

from __future__ import annotations

import os
import weakref
from typing import Final, Protocol

FORKED: Final = "the bus was opened before the process forked; connect again in the child"


class Holder(Protocol):
    """What holds a client of librdkafka, or waits for one."""

    def after_fork(self) -> None:
        """Note that this is a forked child: nothing is ever sent, delivered or received here."""
        ...


_holders: Final[weakref.WeakSet[Holder]] = weakref.WeakSet()


def watch(holder: Holder) -> None:
    """Have a holder told in the child when the process has forked."""
    _holders.add(holder)


def keep(handle: object) -> None:
    """Never let a client of librdkafka be destroyed: in a forked child it would wait for threads that are not there."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(handle))


def _after_fork() -> None:
    for holder in list(_holders):
        holder.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
