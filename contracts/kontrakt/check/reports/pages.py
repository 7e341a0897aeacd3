"""What a rule says of itself: as a page of Markdown, and as text for a terminal."""

from __future__ import annotations

from textwrap import fill, indent

from kontrakt.check.rules import Rule

from .text import WIDTH


def page(rule: type[Rule]) -> str:
    """The page of a rule in Markdown: for the documentation, and for the help that code scanning shows.

    Args:
        rule: The rule.
    """
    parts = [
        f"# {rule.id}: {rule.title}",
        f"Found by `kontrakt {rule.command}`. Severity: {rule.severity.value}",
        rule.reason,
    ]
    parts += [f"**{heading}**\n\n```text\n{example}\n```" for heading, example in _examples(rule)]
    if rule.ways_out:
        parts.append("**What to do**\n\n" + "\n".join(f"- {way}" for way in rule.ways_out))
    return "\n\n".join(parts) + "\n"


def explained(rule: type[Rule]) -> str:
    """A rule as text.

    Args:
        rule: The rule.
    """
    parts = [
        _filled(f"{rule.id} ({rule.command}, {rule.severity.value}): {rule.title}", "", "  "),
        _filled(rule.reason),
    ]
    parts += [f"{heading}:\n{indent(example, '    ')}" for heading, example in _examples(rule)]
    if rule.ways_out:
        ways = "\n".join(_filled(way, "  - ", "    ") for way in rule.ways_out)
        parts.append(f"what to do:\n{ways}")
    return "\n\n".join(parts) + "\n"


def _examples(rule: type[Rule]) -> list[tuple[str, str]]:
    return [(heading, example) for heading, example in (("before", rule.before), ("after", rule.after)) if example]


def _filled(text: str, first: str = "", others: str = "") -> str:
    return fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_on_hyphens=False, break_long_words=False
    )
