"""Rules about what a schema lets pass: the attribute ``waive``."""

from __future__ import annotations

from typing import Final

from kontrakt.check.findings import Severity

from .rule import LintRule

_EXAMPLE: Final = '{"name": "email", "type": "string", "waive": {"key-can-change": "the shop never changes it"}}'


class SchemaWaiverUnused(LintRule):
    """A waiver in a schema that no finding needs."""

    id = "schema-waiver-unused"
    severity = Severity.WARNING
    title = "a waiver in a schema matches no finding"
    reason = (
        "What it was written for is repaired, or stands elsewhere. A waiver that stays would let the next mistake of the same kind "
        "pass without anybody having agreed to it."
    )
    before = _EXAMPLE
    after = '{"name": "email", "type": "string"}'
    ways_out = ("remove the waiver; `kontrakt lint --fix` does it",)


class SchemaWaiverWrong(LintRule):
    """A waiver in a schema that cannot be understood."""

    id = "schema-waiver-wrong"
    severity = Severity.ERROR
    title = "a waiver in a schema cannot be understood"
    reason = "It names a rule of lint and says why what that finds may pass. One that does neither lets nothing pass."
    before = '"waive": ["enum-without-default"]'
    after = '"waive": {"enum-without-default": "a coin has two sides"}'
    ways_out = ("write the id of the rule and a reason, as `kontrakt rules` lists the ids",)


RULES: Final[tuple[type[LintRule], ...]] = (SchemaWaiverUnused, SchemaWaiverWrong)
