"""Contracts of other teams from git repositories and folders: what is brought, locked, verified and moved on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from kontrakt import settings
from kontrakt.contract import load
from kontrakt.files import project_files

from .projects import MONEY, VIEW, Repository, customer, order, owner_in


@pytest.fixture
def owner(tmp_path: Path) -> Repository:
    return owner_in(tmp_path / "owner")


@pytest.fixture
def consumer(tmp_path: Path, owner: Repository) -> Repository:
    made = Repository(tmp_path / "consumer")
    made.write(
        "kontrakt.toml",
        f'[[dependencies]]\nname = "orders"\ngit = "{owner.root.as_posix()}"\nref = "main"\ntopics = ["shop.orders"]\n',
    )
    made.put("schemas/view.avsc", VIEW)
    return made


def test_a_topic_is_brought_with_everything_that_it_needs_and_makes_clients(
    consumer: Repository, owner: Repository
) -> None:
    status = owner.git("status", "--porcelain"), owner.git("rev-parse", "HEAD")
    assert "pulled: 3 written" in consumer.run("pull")
    assert sorted(consumer.files("pulled")) == [
        "kontrakt-lock.json",
        "orders/order.avsc",
        "orders/types/money.avsc",
        "orders/types/order_key.avsc",
    ]
    assert consumer.files("pulled")["orders/order.avsc"] == (owner.root / "schemas/order.avsc").read_bytes()
    assert not (consumer.root / "pulled/orders/order.avsc").stat().st_mode & 0o222
    lock = consumer.read("pulled/kontrakt-lock.json")
    assert lock["dependencies"]["orders"]["commit"] == status[1]
    assert (owner.git("status", "--porcelain"), owner.git("rev-parse", "HEAD")) == status
    consumer.run("lint")
    consumer.run("generate")
    generated = consumer.files("generated")
    assert b"class Order:" in generated["shop/orders.py"]
    assert b"class OrderView" in generated["billing/__init__.py"]


def test_the_lock_file_holds_what_was_pulled_until_it_is_moved_on(consumer: Repository, owner: Repository) -> None:
    consumer.run("pull")
    before = consumer.files("pulled")
    owner.put("schemas/order.avsc", order({"name": "gift", "type": "boolean", "default": False}))
    owner.put("schemas/types/unrelated.avsc", {**MONEY, "name": "Unrelated"})
    commit = owner.commit()
    shutil.rmtree(consumer.root / "pulled/orders")
    consumer.run("pull")
    assert consumer.files("pulled") == before
    said = consumer.run("pull", "--check", exits=1)
    assert f"orders: order.avsc changed at {commit[:8]}" in said
    assert "types/money.avsc" not in said
    assert consumer.files("pulled") == before
    said = consumer.run("pull", "--update")
    assert "the new field `gift` of `shop.Order`" in said
    assert "pulled: 1 written, 2 unchanged" in said
    assert "gift" in (consumer.root / "pulled/orders/order.avsc").read_text()
    assert "nothing fell behind" in consumer.run("pull", "--check")
    once = consumer.files("pulled")
    consumer.run("pull")
    assert consumer.files("pulled") == once


def test_a_change_that_breaks_a_projection_here_is_told_when_moving_on(consumer: Repository, owner: Repository) -> None:
    consumer.run("pull")
    changed = order()
    changed["fields"] = [one for one in changed["fields"] if one["name"] != "note"]
    owner.put("schemas/order.avsc", changed)
    owner.commit()
    said = consumer.run("pull", "--update", "orders", exits=1)
    assert "billing-service" in said
    assert "breaks" in said
    assert "shop.orders" in said
    assert "note" in consumer.run("lint", exits=1)


def test_files_that_were_edited_are_noticed_and_left(consumer: Repository) -> None:
    consumer.run("pull")
    file = consumer.root / "pulled/orders/order.avsc"
    before = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(before + b"\n")
    for command in (["pull"], ["pull", "--update"]):
        assert "pulled/orders/order.avsc:1:1: this file was pulled, and was edited since" in consumer.run(
            *command, exits=1
        )
        assert file.read_bytes() == before + b"\n"
    assert "was edited since" in consumer.run("pull", "--check", exits=1)
    consumer.run("pull", "--discard-edits")
    assert file.read_bytes() == before


def test_a_file_of_a_person_is_not_overwritten(consumer: Repository) -> None:
    consumer.write("pulled/orders/order.avsc", "mine")
    said = consumer.run("pull", exits=1)
    assert "is in the place of one that is to be pulled" in said
    assert (consumer.root / "pulled/orders/order.avsc").read_text() == "mine"
    assert not (consumer.root / "pulled/kontrakt-lock.json").exists()


def test_what_is_wanted_no_more_goes(consumer: Repository, owner: Repository) -> None:
    text = (consumer.root / "kontrakt.toml").read_text()
    consumer.write(
        "kontrakt.toml", text.replace('topics = ["shop.orders"]', 'topics = ["shop.orders", "shop.customers"]')
    )
    consumer.run("pull")
    assert (consumer.root / "pulled/orders/customer.avsc").exists()
    consumer.write("kontrakt.toml", text)
    assert "was not pulled yet" in consumer.run("pull", "--check", exits=1)
    assert "removed  pulled/orders/customer.avsc" in consumer.run("pull")
    consumer.write("kontrakt.toml", "")
    (consumer.root / "schemas/view.avsc").unlink()
    assert "orders: the settings want it no more" in consumer.run("pull", "--check", exits=1)
    consumer.run("pull")
    assert list(consumer.files("pulled")) == ["kontrakt-lock.json"]
    assert owner.git("status", "--porcelain") == ""


def test_two_dependencies_that_bring_the_same_type(consumer: Repository, owner: Repository) -> None:
    text = (consumer.root / "kontrakt.toml").read_text()
    consumer.write(
        "kontrakt.toml",
        f'{text}\n[[dependencies]]\nname = "customers"\nfolder = "../owner"\ntopics = ["shop.customers"]\n',
    )
    consumer.run("pull")
    assert "customers/types/money.avsc" in consumer.files("pulled")
    assert "orders/types/money.avsc" not in consumer.files("pulled")
    assert "2 pulled, nothing fell behind" in consumer.run("pull", "--check")
    consumer.run("lint")
    before = consumer.files("pulled")
    consumer.run("pull")
    assert consumer.files("pulled") == before
    owner.put("schemas/types/money.avsc", {**MONEY, "doc": "Another."})
    assert "customers: types/money.avsc is not what was pulled" in consumer.run("pull", exits=2)
    said = consumer.run("pull", "--update", "customers", exits=2)
    assert "the dependencies customers and orders both bring shop.Money, and it is not the same in both" in said
    assert consumer.files("pulled") == before
    owner.commit()
    consumer.run("pull", "--update")
    assert b"Another." in consumer.files("pulled")["customers/types/money.avsc"]


@pytest.mark.parametrize("kind", ["folder", "archive", "git"])
def test_topics_that_are_declared_from_outside_come_with_their_declaration(
    tmp_path: Path, owner: Repository, kind: str
) -> None:
    owner.put("schemas/order.avsc", order(topic=None))
    owner.write(
        "kontrakt.toml",
        '[[topics]]\nrecord = "shop.Order"\nkind = "event"\nname = ["shop.order-log", "other"]\nowner = "order-service"\n',
    )
    owner.commit()
    source = {
        "folder": 'folder = "../owner"',
        "archive": f'folder = "{Path(shutil.make_archive(str(tmp_path / "o"), "gztar", owner.root)).name}"',
        "git": f'git = "file://{owner.root.as_posix()}"',
    }[kind]
    made = Repository(tmp_path / "consumer")
    made.write(
        "kontrakt.toml",
        f'[[dependencies]]\nname = "o"\n{source.replace("o.tar", "../o.tar")}\ntopics = ["shop.order-log"]\n',
    )
    made.run("pull")
    found = load(made.root / "schemas", settings.read(made.root, {}))
    assert [(one.name, one.kind, one.key) for one in found.topics] == [
        ("other", "event", None),
        ("shop.order-log", "event", None),
    ]
    assert not found.own.topics


def test_a_source_without_what_is_wanted(consumer: Repository, owner: Repository) -> None:
    text = (consumer.root / "kontrakt.toml").read_text()
    for wrong, told in (
        (text.replace("shop.orders", "shop.order"), 'declares no topic shop.order (did you mean "shop.orders"?)'),
        (text.replace('ref = "main"', 'ref = "gone"'), "git cannot fetch gone"),
        (text.replace(owner.root.as_posix(), "/nowhere/at/all"), "git cannot fetch main"),
    ):
        consumer.write("kontrakt.toml", wrong)
        assert told in consumer.run("pull", exits=2)
        assert not (consumer.root / "pulled").exists()


def test_wrong_declarations_are_told_where_they_stand(consumer: Repository) -> None:
    consumer.write(
        "kontrakt.toml",
        '[[dependencies]]\nname = "a/b"\ngit = "x"\nfolder = "y"\n\n'
        '[[dependencies]]\nname = "c"\nregistry = true\nkid = "entity"\n\n'
        '[[dependencies]]\nname = "d"\nregistry = true\ntopics = ["t"]\nkind = "entty"\n',
    )
    said = consumer.run("pull", exits=2)
    for told in (
        "kontrakt.toml:2:1: 'a/b' is no name for it",
        "kontrakt.toml:1:1: a dependency comes from one place",
        'kontrakt.toml:9:1: a dependency from a registry has no "kid"',
        "a registry does not know topics",
        "kontrakt.toml:15:1: \"kind\" cannot be 'entty'",
    ):
        assert told in said, said
    consumer.write("kontrakt.toml", "")
    assert "no dependency is declared" in consumer.run("pull", exits=2)


def test_contracts_that_are_pulled_take_nothing_from_those_that_are_own(consumer: Repository) -> None:
    consumer.put("schemas/mine.avsc", {**customer(), "topic": {**customer()["topic"], "name": "billing.customers"}})
    consumer.run("pull")
    files = project_files(consumer.root / "schemas", consumer.root / "pulled")
    assert len(files.foreign) == 3
    found = load(consumer.root / "schemas", settings.read(consumer.root, {}))
    assert [topic.name for topic in found.own.topics] == ["billing.customers"]  # it uses shop.Money, which was pulled


def test_credentials_are_neither_printed_nor_locked(consumer: Repository, owner: Repository) -> None:
    text = (consumer.root / "kontrakt.toml").read_text()
    consumer.write("kontrakt.toml", text.replace(owner.root.as_posix(), "http://me:secret@127.0.0.1:1/x"))
    said = consumer.run("pull", exits=2)
    assert "http://127.0.0.1:1/x: git cannot fetch main" in said
    assert "secret" not in said
    consumer.write(
        "kontrakt.toml", text.replace(owner.root.as_posix(), f"file://me:secret@localhost{owner.root.as_posix()}")
    )
    consumer.run("pull")
    assert b"secret" not in consumer.files("pulled")["kontrakt-lock.json"]
    assert "nothing fell behind" in consumer.run("pull", "--check")
