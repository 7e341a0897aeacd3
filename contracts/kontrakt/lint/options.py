"""What is set for lint: the table ``[lint]`` of the settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro.shapes import is_object
from kontrakt.errors import Problem, SettingsErrors
from kontrakt.settings.file import described, instead
from kontrakt.severity import Severity

if TYPE_CHECKING:
    from kontrakt.settings import Settings

WORDS: Final = ("field_names", "most_fields", "rules")
"""What ``[lint]`` may say."""
FIELD_NAMES: Final = ("snake_case", "camelCase", "either")
OFF: Final = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is set for lint.

    Attributes:
        field_names: How fields are named: ``snake_case``, ``camelCase``, or ``either`` of the two, the same within a record.
        most_fields: How many fields an entity may have before that is a finding.
        severities: The severities of rules by id, where they are set; None for a rule that is switched off.
    """

    field_names: str = "either"
    most_fields: int = 40
    severities: Mapping[str, Severity | None] = field(default_factory=dict[str, "Severity | None"])


def options(settings: Settings, rules: Collection[str]) -> Options:
    """Read the table ``[lint]``.

    Args:
        settings: The settings.
        rules: The ids of the rules that there are.

    Raises:
        SettingsErrors: It is wrong; every problem is listed.
    """
    reader = _Reader(settings)
    found = reader.options(rules)
    if reader.problems:
        raise SettingsErrors(reader.problems)
    return found


class _Reader:
    def __init__(self, settings: Settings) -> None:
        self.problems: list[Problem] = []
        self._settings = settings

    def options(self, rules: Collection[str]) -> Options:
        said: Mapping[str, Any] = self._settings.lint
        for word in said:
            if word not in WORDS:
                self._problem((word,), f"{word!r} is not a setting of [lint]", instead(word, WORDS))
        names: Any = said.get("field_names", "either")
        if names not in FIELD_NAMES:
            shown = repr(names) if isinstance(names, str) else described(names)
            self._problem(("field_names",), f"field_names cannot be {shown}", instead(str(names), FIELD_NAMES))
        most: Any = said.get("most_fields", 40)
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            self._problem(("most_fields",), "most_fields must be a whole number from 1", "such as 40")
        return Options(field_names=names, most_fields=most, severities=self._severities(said.get("rules", {}), rules))

    def _severities(self, said: object, rules: Collection[str]) -> Mapping[str, Severity | None]:
        if not is_object(said):
            self._problem(("rules",), f"rules must be a table, not {described(said)}", f'such as some-rule = "{OFF}"')
            return {}
        levels = (OFF, *Severity)
        found: dict[str, Severity | None] = {}
        for rule, level in said.items():
            if rule not in rules:
                self._problem(("rules", rule), f"lint has no rule {rule!r}", instead(rule, sorted(rules)))
            elif level not in levels:
                shown = repr(level) if isinstance(level, str) else described(level)
                self._problem(("rules", rule), f"{rule} cannot be {shown}", f"one of {', '.join(levels)}")
            else:
                found[rule] = None if level == OFF else Severity(level)
        return found

    def _problem(self, path: tuple[str, ...], message: str, hint: str) -> None:
        self.problems.append(Problem(self._settings.place("lint", *path), message, hint))
