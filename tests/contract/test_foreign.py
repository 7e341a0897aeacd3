"""Contracts that were pulled from other teams, beside those of this repository."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from kontrakt import settings
from kontrakt.check.compare import compare
from kontrakt.check.sources import past
from kontrakt.contract import Contracts, load
from kontrakt.errors import ContractErrors

MONEY = {"type": "record", "name": "shop.Money", "fields": [{"name": "amount", "type": "long"}]}
ORDER_TOPIC = {"kind": "entity", "name": "shop.orders", "key": {"schema": "shop.OrderKey"}, "owner": "order-service"}
ORDER = {
    "type": "record",
    "name": "shop.Order",
    "topic": ORDER_TOPIC,
    "fields": [{"name": "id", "type": "string"}, {"name": "total", "type": "shop.Money"}],
}
KEY = {"type": "record", "name": "shop.OrderKey", "fields": [{"name": "id", "type": "string"}]}
INVOICE = {
    "type": "record",
    "name": "billing.Invoice",
    "topic": {"kind": "event", "name": "billing.invoices", "key": "id", "owner": "billing-service"},
    "fields": [{"name": "id", "type": "string"}, {"name": "total", "type": "shop.Money"}],
}
VIEW = {
    "type": "record",
    "name": "billing.OrderView",
    "projection": {"of": "shop.Order", "consumer": "billing-service"},
    "fields": [{"name": "id", "type": "string"}],
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder, types in (("pulled/orders", (ORDER, MONEY, KEY)), ("schemas", (INVOICE, VIEW))):
        for one in types:
            write(tmp_path / folder, one)
    return tmp_path


def write(folder: Path, one: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{one['name']}.avsc").write_text(json.dumps(one))


def loaded() -> Contracts:
    return load("schemas", settings.read(environ={}))


def test_what_is_own(repository: Path) -> None:
    whole = loaded()
    assert [topic.name for topic in whole.topics] == ["billing.invoices", "shop.orders"]
    assert whole.foreign == {f"pulled/orders/shop.{name}.avsc" for name in ("Order", "Money", "OrderKey")}
    own = whole.own
    assert [topic.name for topic in own.topics] == ["billing.invoices"]
    assert [subject.name for subject in own.subjects] == ["billing.invoices-value"]
    assert [one.consumer for one in own.projections] == ["billing-service"]
    assert own.types == whole.types  # what is own refers to shop.Money
    assert list(own.schemas) == ["billing.invoices-value"]
    shutil.rmtree(repository / "pulled")
    (repository / "schemas" / "billing.OrderView.avsc").unlink()
    write(repository / "schemas", MONEY)
    alone = loaded()
    assert alone.own is alone


def test_a_folder_inside_the_schemas(repository: Path) -> None:
    (repository / "pulled").rename(repository / "schemas" / "pulled")
    (repository / "kontrakt.toml").write_text('pulled = "schemas/pulled"\n')
    assert [topic.name for topic in loaded().own.topics] == ["billing.invoices"]


def test_only_pulled_contracts(repository: Path) -> None:
    shutil.rmtree(repository / "schemas")
    whole = loaded()
    assert [topic.name for topic in whole.topics] == ["shop.orders"]
    assert not whole.own.topics
    assert not whole.own.subjects


def test_a_topic_has_one_team(repository: Path) -> None:
    write(repository / "schemas", {**ORDER, "name": "billing.Order"})
    with pytest.raises(
        ContractErrors, match="shop.orders is another team's: it was pulled, and is declared at pulled/"
    ):
        loaded()


def test_a_check_judges_the_projections_of_what_was_pulled_and_not_its_topics(repository: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    for folder in ("schemas", "pulled"):
        shutil.copytree(repository / folder, before / folder)
    changed: dict[str, Any] = {
        **ORDER,
        "fields": [{"name": "total", "type": "string"}],
        "topic": {**ORDER_TOPIC, "owner": "x"},
    }
    write(repository / "pulled" / "orders", changed)
    whole = load("schemas", settings.read(environ={}), unfit_projections=True)
    found = compare(whole.own, past(str(before), whole.own, settings.read(environ={}))).findings
    assert [(one.rule, one.breaks) for one in found] == [("projection-unreadable", ("billing-service",))]
    assert "shop.Order" in found[0].message


@pytest.mark.parametrize("pack", [False, True])
def test_the_past_has_pulled_contracts_of_its_own(repository: Path, tmp_path: Path, pack: bool) -> None:
    before = tmp_path / "before"
    for folder in ("schemas", "pulled"):
        shutil.copytree(repository / folder, before / folder)
    shutil.rmtree(repository / "pulled")
    write(repository / "schemas", MONEY)
    (repository / "schemas" / "billing.OrderView.avsc").unlink()
    against = shutil.make_archive(str(tmp_path / "packed"), "zip", before) if pack else str(before)
    old = past(against, loaded().own, settings.read(environ={}))
    assert old.contracts is not None
    assert [topic.name for topic in old.contracts.topics] == ["billing.invoices"]
    assert {"billing.invoices-value", "shop.orders-key", "shop.orders-value"} < old.histories.keys()
    assert not [note for note in old.notes if "wrong" in note]
