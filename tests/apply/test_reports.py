"""How a plan is shown: held byte for byte, and what holds of each format."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontrakt.apply import Against, FailOn, Only, Outcome, Result
from kontrakt.apply.reports import FORMATS, render
from kontrakt.apply.reports.json import schema
from kontrakt.apply.results import line
from kontrakt.apply.saved import fits, read
from kontrakt.apply.steps import (
    FOR_GOOD,
    AddPartitions,
    CreateTopic,
    Drift,
    Obstacle,
    Plan,
    Publish,
    Register,
    Retire,
    SetConfig,
    SetLevel,
)
from kontrakt.check.reports import View
from kontrakt.cli import plan as command
from kontrakt.cli import planning
from markdown_it import MarkdownIt

from tests.golden import held

HERE = Path(__file__).parent
EVERYTHING = Plan(
    registry="https://registry.example",
    broker="kafka-1:9092",
    cluster="MkU3OEVBNTcwNTJENDM2Qg",
    steps=(
        CreateTopic(
            about="shop.customers",
            partitions=12,
            replication=3,
            config=(("cleanup.policy", "compact"), ("min.insync.replicas", "2")),
        ),
        CreateTopic(about="shop.refunds", partitions=None, replication=None, config=(("cleanup.policy", "delete"),)),
        SetConfig(about="shop.orders", name="cleanup.policy", before="delete", after="compact"),
        SetConfig(about="shop.orders", name="max.message.bytes", before="", after="2000000"),
        AddPartitions(about="shop.orders", before=6, after=12),
        SetLevel(about="shop.types.Money", before="", after="FULL_TRANSITIVE"),
        Register(about="shop.types.Money", document="shop.types.Money", newest=0, fingerprint="0" * 32),
        SetLevel(about="shop.orders-value", before="BACKWARD", after="FULL_TRANSITIVE"),
        Register(
            about="shop.orders-value",
            document="shop.order.Order",
            newest=3,
            fingerprint="1" * 32,
            changes=(
                "added: the new field `discount` of `shop.order.Order`, by default `0`, which is longer than a line of a terminal",
                "refers to a new version of `shop.types.Money`",
            ),
        ),
        SetLevel(about="shop.customers-value", before="NONE", after="BACKWARD"),
        SetLevel(about="shop.orders-value.readers.billing-service", before="", after="NONE"),
        Publish(
            about="shop.orders-value.readers.billing-service", document="billing.Order", newest=0, fingerprint="2" * 32
        ),
        Publish(about="shop.orders-value.readers.audit", document="audit.Order", newest=2, fingerprint="3" * 32),
        Retire(about="shop.customers-value.readers.audit", newest=4),
    ),
    obstacles=(
        Obstacle(
            against=Against.CLEANUP_POLICY,
            about="shop.orders",
            message="the entity topic `shop.orders` is not compacted: it has `cleanup.policy` `delete`",
            reason="The broker deletes the state of entities that did not change lately.",
            ways_out=("see that nobody needs what the new policy deletes, then allow it",),
        ),
        Obstacle(
            against=Against.CHECK_FINDINGS,
            about="shop.order.Order.total",
            message="the field `total` of `shop.order.Order` is gone, and it had no default",
            reason="Old consumers look for `total` in new messages.",
            ways_out=("keep `total`", "make a new topic"),
            breaks=("old consumers reading new messages", "billing-service"),
            place="schemas/order.avsc:12:5",
        ),
        Obstacle(
            against=Against.REFUSED,
            about="shop.refunds",
            message="cannot create the topic shop.refunds: Policy violation <b>@everyone</b>",
        ),
        Obstacle(against=Against.PARTITIONS_ADDED, about="shop.orders", message="the topic `shop.orders` gets more"),
    ),
    drift=(
        Drift(about="shop.orders", what="cleanup.policy", wanted="compact", found="delete"),
        Drift(about="shop.orders-value", what="compatibility level", wanted="FULL_TRANSITIVE", found="BACKWARD"),
    ),
    notes=("the settings of the topic shop.secrets are not compared: no right to describe it",),
    topics=7,
    subjects=19,
    consumers=("audit",),
    allowed=frozenset({Against.PARTITIONS_ADDED}),
)
NOTHING = Plan(registry="https://registry.example", subjects=3, only=Only.REGISTRY)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "plan"), [("everything", EVERYTHING), ("nothing", NOTHING)])
def test_golden(form: str, name: str, plan: Plan) -> None:
    suffix = {"text": "txt", "json": "json", "markdown": "md"}[form]
    held(render(form, plan, View(comment="shop")), HERE / "golden" / f"{name}.{suffix}")


def test_golden_results() -> None:
    results = [Result(step=step, outcome=Outcome.DONE) for step in EVERYTHING.steps]
    results[6] = replace(results[6], version=1, id=7)
    results[8] = replace(results[8], outcome=Outcome.FAILED, message="cannot register it:\nno answer")
    results[9] = replace(results[9], outcome=Outcome.LEFT, message="the registry does not answer")
    held("\n".join(map(line, results)) + "\n", HERE / "golden" / "results.txt")


def test_the_text_fits_a_terminal_and_colour_changes_nothing_else() -> None:
    plain = render("text", EVERYTHING, View())
    assert max(map(len, plain.splitlines())) <= 80
    coloured = render("text", EVERYTHING, View(color=True))
    assert "\x1b[32m+ topic shop.customers\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_what_the_commands_offer_without_loading_anything_is_what_there_is() -> None:
    assert set(planning.ALLOWED) == {one.value for one in Against if one not in FOR_GOOD}
    assert set(planning.ONLY) == {one.value for one in Only}
    assert list(command.FORMATS) == list(FORMATS)
    assert list(command.FAIL_ON) == [one.value for one in FailOn]


def test_the_json_is_as_its_schema_says() -> None:
    said = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(said)
    for plan in (EVERYTHING, NOTHING):
        jsonschema.validate(json.loads(render("json", plan, View())), said)
    kinds = said["$defs"]["step"]["properties"]["kind"]["enum"]
    assert {step.kind for step in EVERYTHING.steps} == set(kinds)
    assert set(said["$defs"]["obstacle"]["properties"]["against"]["enum"]) == {one.value for one in Against}


def test_what_is_saved_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(render("json", EVERYTHING, View()))
    saved = read(file)
    assert saved.steps == EVERYTHING.steps
    assert saved.consumers == ("audit",)
    assert saved.allowed == {Against.PARTITIONS_ADDED}
    assert saved.only is None
    fits(saved, EVERYTHING)
    fits(saved, replace(EVERYTHING, steps=EVERYTHING.steps[3:7]))  # the rest is done already


odd = st.lists(
    st.sampled_from(["`", "```", "</details>", "-->", "\n", "@ada", "\x1b[2J", "\u202e", "[a](b)", "<img src=x>", "#1"])
    | st.text(max_size=5),
    max_size=5,
).map("".join)


@given(odd)
def test_nothing_in_a_contract_acts_on_whoever_reads(text: str) -> None:
    register = Register(about="a-value", document="a", newest=1, fingerprint="", changes=(f"added: {text}",))
    obstacle = Obstacle(
        against=Against.CHECK_FINDINGS,
        about="a",
        message=f"it {text}",
        reason=text,
        ways_out=(f"do {text}",),
        place=text,
    )
    plan = replace(EVERYTHING, steps=(register,), obstacles=(obstacle,), notes=(f"note {text}",))
    shown = render("text", plan, View())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    markdown = render("markdown", plan, View())
    assert markdown.startswith(
        "<!-- kontrakt-plan: default -->\n## kontrakt plan: 1 to change; 1 thing stands against it\n"
    )
    html = MarkdownIt("commonmark", {"html": True}).render(markdown)
    assert "<img" not in html
    assert "<a " not in html
    assert "@ada" not in re.sub(r"<code[^>]*>.*?</code>", "", html, flags=re.DOTALL)
    assert html.count("<details>") == html.count("</details>") == 1


def test_a_comment_that_would_be_too_long_says_so() -> None:
    many = replace(
        EVERYTHING,
        steps=tuple(
            Register(about=f"team.topic-{number:05}-value", document="a", newest=1, fingerprint="", changes=("x" * 60,))
            for number in range(2000)
        ),
        obstacles=EVERYTHING.obstacles * 20,
    )
    markdown = render("markdown", many, View())
    assert len(markdown) < 65_536
    assert re.search(r"^\.\.\. and [\d,]+ more$", markdown, re.MULTILINE)
    assert "60 more obstacles" in markdown
