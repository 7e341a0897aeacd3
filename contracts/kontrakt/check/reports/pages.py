"""The page of a rule, in Markdown: for the documentation, and for the help that code scanning shows."""

from __future__ import annotations

from kontrakt.check.rules import Rule


def page(rule: type[Rule]) -> str:
    """What a rule says of itself.

    Args:
        rule: The rule.
    """
    parts = [f"# {rule.id}", f"*{rule.severity.value}*: {rule.title}.", rule.reason]
    for heading, example in (("Before", rule.before), ("After", rule.after)):
        if example:
            parts += [f"## {heading}", f"```text\n{example}\n```"]
    if rule.ways_out:
        parts += ["## What to do", "\n".join(f"- {way}" for way in rule.ways_out)]
    return "\n\n".join(parts) + "\n"
