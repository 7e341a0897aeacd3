"""Which branch of a union a value is, where its class alone does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .misfit import Misfit, TooDeep, expected, shown
from .shapes import TAG

Fit: TypeAlias = Callable[..., None]
"""Encodes a value as a branch; takes the value, the output, and what the program hands on."""

_MAPPINGS: Final[tuple[Any, ...]] = (Mapping,)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a union.

    Attributes:
        kind: The exact class of its values.
        fit: Encodes one.
        record: Of a record that is a dictionary: its full name.
        tagged: Whether such dictionaries carry that name.
        known: The keys that such a dictionary may have.
        needed: The keys that it must have.
    """

    kind: type
    fit: Fit
    record: str = ""
    tagged: bool = False
    known: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()

    def takes(self, value: Mapping[Any, Any]) -> bool:
        """Whether the keys of a dictionary are those of the record."""
        return self.needed <= value.keys() <= self.known


class Choice(dict[type, Fit]):
    """What encodes a value, by its class. Where several branches have a class, or none, the value itself decides.

    A dictionary is of the record that its ``"-type"`` names. Without one it is a map, or else of the only record that its keys fit; records
    that never carry one come before the map. No dictionary is tried as several, which would double the time with each level.

    Any other value is tried: as the branches of its own class in the order of the schema, so that an int is the first of int and
    long that holds it; of a derived class, as those of its bases; at last as all, so that a tuple may be an array.

    Args:
        what: What the union takes, for messages.
        branches: Its branches.
    """

    def __init__(self, what: str, *branches: Branch) -> None:
        kinds = [branch.kind for branch in branches]
        super().__init__((branch.kind, branch.fit) for branch in branches if kinds.count(branch.kind) == 1)
        self._what = what
        self._dictionaries = [branch for branch in branches if branch.kind is dict]
        self._others = [branch for branch in branches if branch.kind is not dict]

    def __missing__(self, kind: type) -> Fit:
        return self.choose

    def choose(self, value: Any, out: Any, *more: Any) -> None:
        """Encode a value whose class does not say the branch.

        Args:
            value: The value.
            out: What gets the bytes; what a branch wrote before it failed is deleted from its end.
            more: What the program hands on.

        Raises:
            Misfit: No branch takes it.
        """
        if self._dictionaries and isinstance(value, _MAPPINGS):
            return self._dictionary(value).fit(value, out, *more)
        exact = [branch.fit for branch in self._others if value.__class__ is branch.kind]
        derived = exact or [branch.fit for branch in self._others if isinstance(value, branch.kind)]
        if len(derived) == 1:
            return derived[0](value, out, *more)
        mark = len(out)
        misfit = expected(self._what, value)
        for fit in derived or [branch.fit for branch in self._others]:
            try:
                return fit(value, out, *more)
            except (TooDeep, RecursionError, MemoryError):
                raise
            except Exception as error:  # noqa: BLE001 - whatever one branch says, the next one is tried
                del out[mark:]
                if derived and isinstance(error, Misfit):
                    misfit = error
        raise misfit

    def _dictionary(self, value: Mapping[Any, Any]) -> Branch:
        records = [branch for branch in self._dictionaries if branch.record]
        tag = value.get(TAG)
        maps = [branch for branch in self._dictionaries if not branch.record]
        if tag is not None:
            found = [branch for branch in records if branch.record == tag] or maps
        elif maps and all(branch.tagged for branch in records):
            found = maps  # a record would say that it is one
        else:
            found = [branch for branch in records if branch.takes(value)] or maps
        if len(found) == 1:
            return found[0]
        if found:
            names = " as well as ".join(branch.record for branch in found)
            raise Misfit(f'this dict may be {names}; say which, with the full name as its "{TAG}"')
        if tag is not None:
            raise Misfit(f"expected {self._what}, got a dict of {shown(tag)}")
        raise Misfit(
            f'this dict is not {self._what}; with the full name of its record as "{TAG}" it would be clear why'
        )
