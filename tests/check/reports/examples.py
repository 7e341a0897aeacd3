"""Reports to render: an ordinary one, one that is out to do harm, one of very many topics, and an empty one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from kontrakt.check.findings import Finding, Report, Severity, merged
from kontrakt.check.reports import View
from kontrakt.check.rules import Rule
from kontrakt.contract import from_files
from kontrakt.errors import Position
from kontrakt.lint.run import lint

VIEW: Final = View(
    root="/repository",
    folder="/repository/services/shop",
    comment="shop",
    when=datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
)


class FieldRemoved(Rule):
    """A rule as the package has them."""

    id = "field-removed"
    severity = Severity.ERROR
    title = "a field was removed"
    reason = "Consumers that run on the old schema read it. Without a default they cannot read new messages."
    before = '{"name": "email", "type": "string"}'
    after = ""
    ways_out = ("give it a default in one release, and remove it in the next", "keep it, marked `deprecated`")


REMOVED: Final = Finding(
    rule="field-removed",
    severity=Severity.ERROR,
    message="`email` was removed from shop.customer.Customer",
    reason=(
        "Consumers that run on the old schema read `email`, which has no default there, so they cannot read a message "
        "that a producer writes with the new schema. The topic is compacted: it holds old and new messages side by side."
    ),
    subject_of="shop.customer.Customer.email",
    breaks=("billing-service", "consumers that run on the old schema"),
    ways_out=("give `email` a default", "mark it deprecated and keep it for 90 days", "make a new topic"),
    new=Position("schemas/customer.avsc", 3, 12),
    old=Position("schemas/customer.avsc", 7, 4),
    topics=("shop.customers",),
)
SCALE: Final = Finding(
    rule="decimal-scale-changed",
    severity=Severity.WARNING,
    message="the scale of `amount` changed from 2 to 4",
    reason="Every consumer reads the number with the point in another place.",
    subject_of="shop.types.Money.amount",
    change="scale 2 -> 4",
    ways_out=("add a field beside it",),
    new=Position("../types/money.avsc", 4, 30),
    old=Position("shop.types.Money version 3", 1, 90),
    topics=("shop.order-events", "shop.orders", "shop.payments.requests", "shop.payments.responses"),
    example='old  {"amount": 49.90}\nnew  {"amount": 0.4990}',
)
TOPIC: Final = Finding(
    rule="topic-removed",
    severity=Severity.ERROR,
    message="the topic shop.products was removed",
    reason="Nobody writes it any longer, and what consumers keep of it grows old without a sign.",
    subject_of="shop.products",
    breaks=("consumers of shop.products",),
    ways_out=("mark the topic deprecated first",),
    old=Position("shop.products-value version 12", 1, 1),
    topics=("shop.products",),
)
OWNER: Final = Finding(
    rule="owner-changed",
    severity=Severity.INFO,
    message="shop.orders belongs to order-service-2 now",
    reason="It was order-service before.",
    subject_of="shop.orders",
    change="order-service -> order-service-2",
    topics=("shop.orders",),
)
SHOP: Final = Report(
    against="git main",
    findings=merged(
        [
            REMOVED,
            SCALE,
            TOPIC,
            OWNER,
            replace(
                REMOVED,
                subject_of="shop.Old.phone",
                message="`phone` was removed",
                waived="billing agreed (until 2026-06-30, ada)",
            ),
            replace(
                REMOVED,
                subject_of="shop.Old.fax",
                message="`fax` was removed",
                waived="baseline",
                topics=("shop.faxes",),
            ),
        ]
    ),
    topics=("shop.customers", "shop.faxes", "shop.notes", "shop.order-events", "shop.orders", "shop.products"),
    subjects=18,
    notes=("the registry was asked for levels only",),
)

HARM: Final = Finding(
    rule="field-removed",
    severity=Severity.ERROR,
    message='a "quoted" 100% `a|b` ::error::x <script>alert(1)</script>\n::stop-commands::t ##[add-mask]y é漢🙂 ]]> -->',
    reason="@octocat sees #1 at https://evil.example/?a=1&b=2 or www.evil.example [link](javascript:x) ![i](x) \x1b[31mred\x1b[0m.\n\n## A heading\n- an item $x$",
    subject_of="a.Ünicode`.\nfield, with: commas",
    change="<b>`|`</b>",
    breaks=("*bold*-service", "</details>", "a,b:c"),
    ways_out=("write `[]` {0} [this](that)", "one ` backtick"),
    new=Position("schemas/a b,c:d%e#f.avsc", 2, 3),
    old=Position("a:b::c version 1", 1, 1),
    topics=("a::b", "c%0Ad", "e`f", "g|h", "<i>", "\u202ertl", "seventh"),
    example='```\n{"a": "``"}\n\x00\x07 </pre>',
)
NOWHERE: Final = Finding(
    rule="level-weakened",
    severity=Severity.WARNING,
    message="",
    reason="",
    subject_of="",
    breaks=("",),
    ways_out=("",),
    topics=("",),
)
TRICKY: Final = Report(
    against="the registry at http://u:p@registry:8081\n::warning::x ##[debug]y",
    findings=(HARM, NOWHERE, replace(HARM, subject_of="other", waived="because `<b>` @all\n::error::x")),
    topics=("a::b", "<i>"),
    subjects=1,
    notes=("<img src=x onerror=alert(1)> `<b>`\n::error::x",),
    fail_on=Severity.WARNING,
)

TOPICS: Final = tuple(f"shop.questionnaire-{number:03}" for number in range(700))
MANY: Final = Report(
    against="the registry at http://registry:8081",
    findings=(SCALE.reaching(TOPICS),),
    topics=TOPICS,
    subjects=1_400,
    fail_on=Severity.WARNING,
)
CROWD: Final = Report(
    against="git main",
    findings=tuple(
        replace(
            REMOVED, subject_of=f"shop.T{number}.email", topics=(topic,), breaks=(f"service-{number}", "old consumers")
        )
        for number, topic in enumerate(TOPICS)
    ),
    topics=TOPICS,
    subjects=1_400,
)
EMPTY: Final = Report(against="schemas-of-before", topics=("shop.customers",), subjects=1)
NOTHING: Final = Report(against="git main")

_NOTE: Final = {
    "schemas/note.avsc": b"""{
  "type": "record", "namespace": "shop.note", "name": "Note", "doc": "A note.",
  "topic": {"kind": "entity", "name": "shop.notes", "key": "email", "owner": "note-service"},
  "fields": [
    {"name": "email", "type": "string", "doc": "Whose note it is."},
    {"name": "text", "type": ["null", "string"], "doc": "What it says."},
    {"name": "color", "doc": "Its colour.", "waive": {"enum-without-default": "there are two"},
     "type": {"type": "enum", "name": "Color", "doc": "A colour.", "symbols": ["RED", "BLUE"]}}
  ]
}
"""
}
LINTED: Final = lint(from_files(_NOTE), _NOTE)

REPORTS: Final = {
    "shop": SHOP,
    "tricky": TRICKY,
    "many": MANY,
    "crowd": CROWD,
    "empty": EMPTY,
    "nothing": NOTHING,
    "lint": LINTED,
}
