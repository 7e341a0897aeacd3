"""What can go wrong with a real part.

RealPartError
├── PartMissingError    it cannot be had here: tests skip, or fail where it is required
└── ServerError         it is here and misbehaves: tests fail
"""

from __future__ import annotations


class RealPartError(Exception):
    """A real part cannot be used."""


class PartMissingError(RealPartError):
    """A part is not on this machine and cannot be fetched.

    Attributes:
        part: The part's name, such as `Apache Kafka 4.3.1`.
        reason: Why it is missing.
        remedy: What the reader can do to get it.
    """

    def __init__(self, part: str, reason: str, remedy: str) -> None:
        super().__init__(f"{part} is missing: {reason}\nTo get it: {remedy}")
        self.part = part
        self.reason = reason
        self.remedy = remedy


class ServerError(RealPartError):
    """A server did not start, or ended without being asked to.

    Attributes:
        log: The last lines that the server wrote.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(f"{message}\n--- its last lines ---\n{log}" if log else message)
        self.log = log
