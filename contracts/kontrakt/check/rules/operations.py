"""Rules about the operations of request topics. Like those about topics, they need the old declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import Sides, operation_named
from kontrakt.check.words import code

from .topics import TopicRule


class OperationRemoved(TopicRule):
    """An operation is declared no more."""

    id = "operation-removed"
    severity = Severity.ERROR
    title = "an operation is gone"
    reason = "Old clients still ask for it, nobody answers, and they wait until their time is over."
    before = '"messages": {"authorize": ..., "refund": ...}'
    after = '"messages": {"authorize": ...}'
    ways_out = ("keep the operation until no client asks for it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.requests:
            for operation in old.operations:
                if operation_named(new, operation.name) is None:
                    yield cls.finding(
                        f"the operation {code(operation.name)} of {code(new.name)} is gone",
                        f"{new.protocol.fullname}.{operation.name}",
                        breaks=(f"clients that ask for {code(operation.name)}",),
                        ways_out=(f"keep {code(operation.name)} until no client asks for it",),
                        old=operation.message.position,
                        new=new.protocol.position,
                        topics=(new.requests, new.responses),
                    )


class OperationAdded(TopicRule):
    """An operation is new."""

    id = "operation-added"
    severity = Severity.INFO
    title = "an operation is new"
    reason = "A client that asks for it while the old service still runs waits until its time is over."
    before = '"messages": {"authorize": ...}'
    after = '"messages": {"authorize": ..., "refund": ...}'
    ways_out = ("let the service upgrade before its clients do",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.requests:
            for operation in new.operations:
                if operation_named(old, operation.name) is None:
                    yield cls.finding(
                        f"{code(new.name)} has the new operation {code(operation.name)}",
                        f"{new.protocol.fullname}.{operation.name}",
                        ways_out=(f"let {new.owner} upgrade before its clients do",),
                        old=old.protocol.position,
                        new=operation.message.position,
                        topics=(new.requests, new.responses),
                    )


class OneWayChanged(TopicRule):
    """An operation is answered no more, or is answered now."""

    id = "one-way-changed"
    severity = Severity.ERROR
    title = "an operation is answered no more, or is answered now"
    reason = "Whoever waits for an answer that is not sent waits until the time is over."
    before = '"settled": {"request": [...], "response": "null"}'
    after = '"settled": {"request": [...], "response": "null", "one-way": true}'
    ways_out = ("declare an operation of another name beside it, and move the clients to it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for pair, old, new in sides.operations:
            was, now = old.message.one_way, new.message.one_way
            if was == now:
                continue
            how = "is one-way now: nobody answers" if now else "was one-way and is answered now"
            who = "old clients, which wait for an answer" if now else "new clients, while the old service runs"
            yield cls.finding(
                f"the operation {code(new.name)} of {code(pair.name)} {how}",
                f"{pair.protocol.fullname}.{new.name}",
                change="answered -> one-way" if now else "one-way -> answered",
                breaks=(who,),
                old=old.message.source.at("one-way") if was else old.message.position,
                new=new.message.source.at("one-way") if now else new.message.position,
                topics=(pair.requests, pair.responses),
            )


class ErrorRemoved(TopicRule):
    """An operation declares an error no more."""

    id = "error-removed"
    severity = Severity.WARNING
    title = "an operation declares an error no more"
    reason = (
        "The old service may still answer with it, and a new client cannot read that; what old clients do about the error, "
        "they do no more."
    )
    before = '"errors": ["CardDeclined", "NothingToRefund"]'
    after = '"errors": ["CardDeclined"]'
    ways_out = ("keep the error declared until every client and the service have moved",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for pair, old, new in sides.operations:
            now = {error.fullname for error in new.errors}
            for error in old.errors:
                if error.fullname not in now and not new.message.one_way:
                    yield cls.finding(
                        f"the operation {code(new.name)} of {code(pair.name)} declares the error "
                        f"{code(error.fullname)} no more",
                        f"{pair.protocol.fullname}.{new.name}",
                        change=f"without {error.fullname}",
                        old=old.message.source.at("errors"),
                        new=new.message.source.at("errors"),
                        topics=(pair.requests, pair.responses),
                    )


RULES: Final[tuple[type[TopicRule], ...]] = (OperationRemoved, OperationAdded, OneWayChanged, ErrorRemoved)
