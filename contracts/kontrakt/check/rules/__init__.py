"""The rules: one small class each, listed by id in :data:`RULES`.

::

    fields       added, removed, renamed
    types        changed, widened, narrowed; enums, unions, fixed
    safety       compatible, and what is read may still be wrong
    keys         what messages are ordered and compacted by
    topics       kinds, owners, partitions, settings, what travels on a topic
    projections  what consumers read
    history      what a registry says and holds
    waivers      the file of waivers itself
"""

from __future__ import annotations

from .rule import Rule
from .waivers import WaiverExpired, WaiverUnused

RULES: dict[str, type[Rule]] = {rule.id: rule for rule in (WaiverExpired, WaiverUnused)}
"""Every rule by its id, sorted."""

__all__ = ["RULES", "Rule"]
