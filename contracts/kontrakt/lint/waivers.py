"""What schemas let pass: the attribute ``waive``, beside what it is about.

::

    {"type": "enum", "name": "Coin", "symbols": ["HEADS", "TAILS"], "waive": {"enum-without-default": "it has two sides"}}

It may stand wherever Avro takes attributes, and counts for what is inside, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro.render import WAIVE, waiving
from kontrakt.avro.shapes import is_object
from kontrakt.check.findings import Finding
from kontrakt.check.words import code
from kontrakt.settings.file import instead

from .rules.waivers import SchemaWaiverUnused, SchemaWaiverWrong
from .text import Text

if TYPE_CHECKING:
    from kontrakt.avro import Node
    from kontrakt.errors import Position

_MARK: Final = f'"{WAIVE}"'.encode()


@dataclass(frozen=True, slots=True)
class SchemaWaiver:
    """What a schema lets pass.

    Attributes:
        rule: The id of the rule.
        reason: Why its findings may pass.
        position: Where it stands.
        about: What it is about, such as ``sides``.
        path: Where that is in the file, such as ``Coin fields sides``.
        start: Where what it counts for begins.
        end: Where that ends.
    """

    rule: str
    reason: str
    position: Position
    about: str
    path: str
    start: Position
    end: Position

    def covers(self, finding: Finding) -> bool:
        """Whether it lets a finding pass."""
        at = finding.new
        return (
            finding.rule == self.rule and at is not None and at.file == self.start.file and self.start <= at < self.end
        )


class SchemaWaivers:
    """The waivers of some files, and what is wrong with them.

    Args:
        files: The bytes of each file by its path. They are valid Avro.
        rules: The ids of the rules that there are.

    Attributes:
        found: The waivers.
        wrong: What cannot be understood.
    """

    def __init__(self, files: Mapping[str, bytes], rules: Collection[str]) -> None:
        self.found: list[SchemaWaiver] = []
        self.wrong: list[Finding] = []
        self._rules = rules
        for file, data in files.items():
            if _MARK in data:
                text = Text(data, file)
                for node in waiving(text.root):
                    self._read(node, text)

    def _read(self, node: Node, text: Text) -> None:
        said = node.members[WAIVE]
        around = text.places(node.position)
        path = [_label(text.root, ""), *(_label(place.value, place.step) for place in reversed(around))]
        about, end = next(filter(None, reversed(path)), ""), text.end_of(node)
        where = " ".join(filter(None, path))
        values: Any = said.value
        if not is_object(values):
            self._wrong(f"{code(WAIVE)} of {code(about)} is no object", where, node.keys[WAIVE])
            return
        for rule, reason in values.items():
            at = said.keys[rule]
            if rule not in self._rules:
                told = f"{code(WAIVE)} of {code(about)} names {code(rule)}, which is no rule of lint"
                self._wrong(told, f"{where} {rule}", at, ways_out=(instead(rule, sorted(self._rules)),))
            elif not isinstance(reason, str) or not reason.strip():
                self._wrong(f"{code(WAIVE)} of {code(about)} does not say why {rule} may pass", f"{where} {rule}", at)
            else:
                self.found.append(SchemaWaiver(rule, " ".join(reason.split()), at, about, where, node.position, end))

    def _wrong(self, told: str, about: str, at: Position, **more: Any) -> None:
        self.wrong.append(SchemaWaiverWrong.found(told, f"{at.file} {about}", at, **more))

    def applied(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings, those that are let pass as waived; then those about the waivers.

        Args:
            findings: What the rules found.
        """
        by_file: dict[str, list[SchemaWaiver]] = {}
        for waiver in self.found:
            by_file.setdefault(waiver.start.file, []).append(waiver)
        used: set[SchemaWaiver] = set()
        for finding in findings:
            covering = [one for one in by_file.get(finding.new.file if finding.new else "", ()) if one.covers(finding)]
            used.update(covering)
            yield replace(finding, waived=covering[-1].reason) if covering else finding
        for waiver in self.found:
            if waiver not in used:
                told = f"nothing in {code(waiver.about)} is found by {waiver.rule}"
                about = f"{waiver.position.file} {waiver.path} {waiver.rule}"
                yield SchemaWaiverUnused.found(told, about, waiver.position)
        yield from self.wrong


def _label(node: Node, step: str | int) -> str:
    """What a value is called: by its name, or by where it stands."""
    said: Any = node.value
    name = said.get("name", said.get("protocol", step)) if is_object(said) else step
    return str(name)
