"""The rules: one small class each, listed by id in :data:`RULES`.

::

    fields       added, removed, renamed
    types        changed, widened, narrowed; enums, unions, fixed
    safety       compatible, and what is read may still be wrong
    keys         what messages are ordered and compacted by
    topics       kinds, owners, partitions, settings, what travels on a topic
    projections  what consumers read
    history      what a registry says and holds
"""

from __future__ import annotations

from .rule import Rule

RULES: dict[str, type[Rule]] = {}
"""Every rule by its id, sorted."""

__all__ = ["RULES", "Rule"]
