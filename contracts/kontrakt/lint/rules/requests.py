"""Rules about requests and their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.words import code

from .rule import LintRule, OperationRule

if TYPE_CHECKING:
    from kontrakt.avro import Message
    from kontrakt.lint.world import World


class OperationWithoutErrors(OperationRule):
    """An operation declares no error."""

    id = "operation-without-errors"
    severity = Severity.WARNING
    title = "an operation declares no error"
    reason = (
        "A failure is an answer too. One that is not declared reaches the requester as text, which no program can act on; one that "
        "is declared is a type of its own, with what the requester needs to know."
    )
    before = '"refund": {"request": [...], "response": "Refund"}'
    after = '"refund": {"request": [...], "response": "Refund", "errors": ["NothingToRefund"]}'
    ways_out = (
        'declare what can go wrong: `{"type": "error", "name": "NothingToRefund", ...}` and `"errors": ["NothingToRefund"]`',
        "waive it where the requester can do nothing about a failure",
    )

    @classmethod
    def judge(cls, message: Message, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if message.one_way or message.errors:
            return None
        about = f"{owner}.{message.name}"
        told = f"the operation {code(about)} declares no error"
        return cls.found(told, about, message.position, topics=world.reached(about))


RULES: Final[tuple[type[LintRule], ...]] = (OperationWithoutErrors,)
