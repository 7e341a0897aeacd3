"""A bus: its settings, its end, forks, the end of the process, and several processes."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import BrokerUnavailable, Bus, BusError, ClosedError, RequestTimeout, SettingsErrors
from kontrakt.kafka.config import OURS
from kontrakt.kafka.fetcher import Fetcher

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE, in_thread, nobody_listens
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.payments import Authorization, AuthorizeRequest, Payments
from tests.kafka.programs import program

if TYPE_CHECKING:
    from kontrakt import EmbeddedBus

    from tests.kafka.conftest import Fresh, Place


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without settings, in which the test runs; nor does the environment say anything."""
    for name in list(os.environ):
        if name.startswith("KONTRAKT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_missing_is_said_all_at_once(empty_folder: Path) -> None:
    with pytest.raises(SettingsErrors) as missing:
        kontrakt.connect()
    kafka, registry = sorted(map(str, missing.value.problems))
    assert "the address of Kafka is not set (set KONTRAKT_BOOTSTRAP_SERVERS, or bootstrap_servers" in kafka
    assert (
        "the address of the schema registry is not set (set KONTRAKT_REGISTRY_URL, or url under [registry]" in registry
    )


def test_the_file_and_the_environment_say_where(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (empty_folder / "kontrakt.toml").write_text(
        'bootstrap_servers = "one:1"\n[registry]\nurl = "http://registry"\n[kafka]\n"security.protocol" = "ssl"\n'
    )
    with kontrakt.connect() as bus:
        assert (bus.bootstrap_servers, bus.registry_url) == ("one:1", "http://registry")
        assert bus.kafka["security.protocol"] == "ssl"
    monkeypatch.setenv("KONTRAKT_BOOTSTRAP_SERVERS", "two:2")
    with kontrakt.connect(registry_url="http://other", kafka={"client.id": "me"}) as bus:
        assert (bus.bootstrap_servers, bus.registry_url) == ("two:2", "http://other")
        assert bus.kafka["client.id"] == "me"
        assert repr(bus) == "<Bus two:2>"
    assert repr(bus) == "<Bus two:2 (closed)>"


@pytest.mark.parametrize("name", sorted(OURS))
def test_settings_on_which_promises_rest_are_refused(empty_folder: Path, name: str) -> None:
    (empty_folder / "kontrakt.toml").write_text(
        f'bootstrap_servers = "one:1"\n[registry]\nurl = "http://registry"\n[kafka]\n"client.id" = "me"\n"{name}" = "x"\n'
    )
    with pytest.raises(SettingsErrors) as refused:
        kontrakt.connect()
    assert str(refused.value) == f"kontrakt.toml:6:1: kafka.{name} cannot be set ({OURS[name]})"


def test_settings_of_one_consumer_that_are_refused(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with pytest.raises(BusError, match=r"group\.id cannot be set for a consumer: say group="):
        topic.consumer(bus, group="g", config={"group.id": "h"})


def test_a_setting_that_librdkafka_does_not_know_is_said_without_its_value(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(sasl_pasword="secret") as bus:
        for use in (lambda: topic.producer(bus), lambda: topic.consumer(bus, group="g")):
            with pytest.raises(BusError, match="librdkafka refuses the configuration of a .*sasl.pasword") as refused:
                use()
            assert "secret" not in str(refused.value)


def test_a_setting_that_only_one_kind_of_client_knows_is_no_noise(
    place: Place, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers)
    with place.connect(linger_ms=1, fetch_min_bytes=1) as bus:
        with topic.producer(bus) as customers, topic.consumer(bus, group="g") as changes:
            customers.put(Customer(customer_id="c-1"))
            assert changes.poll(PATIENCE) is not None
    assert "ignored" not in caplog.text


def test_another_partitioning_of_the_group_may_be_chosen(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect() as bus:
        classic = {"group.protocol": "classic", "partition.assignment.strategy": "range"}
        with topic.producer(bus) as customers:
            customers.put(Customer(customer_id="c-1"))
        # A name of its own: on the embedded broker a group keeps to the protocol that it began with.
        with topic.consumer(bus, group="classic", config=classic) as changes:
            assert len(list(changes.until_end())) == 1


# --- the end ---------------------------------------------------------------------------------------------------------


def test_nothing_works_on_a_bus_that_is_closed(place: Place, fresh: Fresh) -> None:
    customers_topic, payments_topic = fresh(Customers), fresh(Payments)
    with place.connect() as bus:
        customers = customers_topic.producer(bus)
        payments = payments_topic.client(bus)
        changes = customers_topic.consumer(bus, group="g")
    uses: list[Callable[[], object]] = [
        lambda: customers_topic.producer(bus),
        lambda: customers_topic.consumer(bus, group="g"),
        lambda: payments_topic.client(bus),
        lambda: payments_topic.serve(bus, Bank(), group="g"),
        lambda: bus.register(customers_topic),
        lambda: bus.registry_url,
        lambda: customers.put(Customer(customer_id="c-1")),
        lambda: customers.delete("c-1"),
        lambda: payments.authorize(order_id="o-1", amount=1),
        lambda: payments.settled(order_id="o-1"),
        changes.poll,
    ]
    for use in uses:
        with pytest.raises(ClosedError, match="closed"):
            use()
    bus.close()


def test_a_consumer_that_a_closed_bus_refuses_leaves_its_group(
    place: Place, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is only forgotten is closed by Python's collector, which may never end while it joins."""
    closed: list[Fetcher] = []
    close = Fetcher.close

    def noted(fetcher: Fetcher) -> None:
        closed.append(fetcher)
        close(fetcher)

    monkeypatch.setattr(Fetcher, "close", noted)
    customers, payments = fresh(Customers), fresh(Payments)
    with place.connect() as bus:
        monkeypatch.setattr(bus, "opened", _refuse)  # as if another thread had closed it meanwhile
        with pytest.raises(ClosedError, match="just now"):
            customers.consumer(bus, group="g")
        with pytest.raises(ClosedError, match="just now"):
            payments.serve(bus, Bank(), group="g")
    assert [one.closed for one in closed] == [True, True]


def _refuse(_client: object) -> None:
    raise ClosedError("the bus was closed just now")


def test_a_bus_closes_its_clients_the_newest_first(place: Place, bus: Bus, fresh: Fresh) -> None:
    """A service finishes what it has at hand with the clients that were made before it."""
    topic, customers_topic = fresh(Payments), fresh(Customers)
    began = threading.Event()
    with place.connect() as serving, ThreadPoolExecutor(1) as pool, topic.client(bus) as payments:
        customers = customers_topic.producer(serving)

        def put(request: AuthorizeRequest) -> Authorization:
            began.set()
            while not runner.stopped:
                time.sleep(0.01)
            customers.put(Customer(customer_id=request.order_id))
            return Authorization(authorization_id="done")

        runner = topic.serve(serving, Bank(instead=put), group="bank")
        with in_thread(runner.run):
            asked = pool.submit(payments.authorize, order_id="o-1", amount=5)
            assert began.wait(PATIENCE)
            serving.close()
        assert asked.result(PATIENCE) == Authorization(authorization_id="done")
    (message,) = place.raw(customers_topic.topic, 1)
    assert message.key() == b"o-1"


def test_an_error_of_the_block_comes_through(place: Place) -> None:
    with pytest.raises(RuntimeError, match="first"), place.connect() as bus:
        assert bus.registry_url
        raise RuntimeError("first")


# --- no broker -------------------------------------------------------------------------------------------------------

SOON = {"socket.connection.setup.timeout.ms": 1000, "log_level": 0}


@pytest.fixture
def nobody(embedded_parts: EmbeddedBus) -> Iterator[Bus]:
    """A bus at whose address no broker listens."""
    with kontrakt.connect(
        bootstrap_servers=nobody_listens(), registry_url=embedded_parts.registry_url, kafka=SOON
    ) as bus:
        bus.register(Customers, Payments)
        yield bus


def test_a_consumer_that_finds_no_broker_says_where_it_looked(nobody: Bus) -> None:
    with pytest.raises(
        BrokerUnavailable,
        match=f"cannot find the topic customers: no answer from the brokers at {nobody.bootstrap_servers}",
    ):
        Customers.consumer(nobody, group="g")
    with pytest.raises(BrokerUnavailable, match="payments.requests"):
        Payments.serve(nobody, Bank(), group="g")


def test_a_request_that_finds_no_broker_ends_in_its_time(nobody: Bus) -> None:
    with Payments.client(nobody) as payments:
        with pytest.raises(BrokerUnavailable, match="cannot find the topic payments.responses"):
            payments.authorize(order_id="o-1", amount=1)
        with pytest.raises(RequestTimeout, match=r"within 0\.2 s; it was not sent: cannot find the topic"):
            payments.authorize(order_id="o-1", amount=1, timeout=dt.timedelta(milliseconds=200))


# --- processes -------------------------------------------------------------------------------------------------------

FORKING = """
import os, sys, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # from 3.12 on, Python warns of forks beside threads: the case under test
import kontrakt
from tests.kafka.bank import Bank
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.payments import Authorization, AuthorizeRequest, Payments

class Named(Customers):
    topic = sys.argv[1]

class Paying(Payments):
    topic = sys.argv[2]

how = sys.argv[3]
with kontrakt.connect() as bus, Named.producer(bus) as customers, Named.consumer(bus, group="g") as changes:
    payments = Paying.client(bus)
    sent = customers.put(Customer(customer_id="parent"))
    assert changes.poll(60).key == "parent"
    table = Named.table(bus)
    table.ready(60)
    work = bus.transactions(f"forking-{Named.topic}")
    with Paying.serve(bus, Bank(), group="bank"):
        payments.authorize(order_id="o-1", amount=1)
        pid = os.fork()
        if not pid and how == "use":
            for use in (
                lambda: customers.put(Customer(customer_id="child")),
                customers.flush,
                lambda: changes.poll(1),
                changes.commit,
                lambda: next(iter(changes)),
                lambda: next(changes.batches()),
                lambda: changes.run(print),
                lambda: Named.producer(bus),
                lambda: Named.table(bus),
                lambda: Named.consumer(bus, group="h"),
                lambda: Paying.serve(bus, Bank(), group="bank"),
                lambda: bus.transactions("t"),
                lambda: work.transaction().__enter__(),
                lambda: table.get("parent"),
                lambda: table.ready(60),
                lambda: table.wait_for(sent, 60),
                lambda: list(table),
                table.lag,
                lambda: payments.authorize(order_id="o-1", amount=1),
                lambda: payments.settled(order_id="o-1"),
            ):
                try:
                    use()
                except kontrakt.ClosedError as error:
                    assert "connect again in the child" in str(error), error
                else:
                    assert use == customers.flush, use
            with kontrakt.connect() as own, Named.producer(own) as again:
                again.put(Customer(customer_id="child"))
            os._exit(7)
        if not pid and how == "exit":
            sys.exit(7)  # leaves every block
        if pid:
            print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            customers.put(Customer(customer_id="parent again"))
            payments.authorize(order_id="o-2", amount=1)
            print("parent goes on")
if not pid:
    os._exit(7)  # all blocks ended well
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("how", ["use", "exit", "leave"])
def test_a_forked_child_leaves_the_parents_clients_alone(place: Place, bus: Bus, fresh: Fresh, how: str) -> None:
    customers, payments = fresh(Customers), fresh(Payments)
    with program(FORKING, customers.topic, payments.topic, how, environment=place.environment) as process:
        said, errors = process.communicate(timeout=PATIENCE)
    assert (said, errors, process.returncode) == ("child 7\nparent goes on\n", "", 0)
    with customers.consumer(bus, group="other") as changes:
        expected = {"parent", "parent again", *(["child"] if how == "use" else [])}
        assert {change.key for change in changes.until_end()} == expected


FORGETFUL = """
import sys
import kontrakt
from tests.kafka.new.customers import Customer, Customers

class Named(Customers):
    topic = sys.argv[1]

bus = kontrakt.connect(kafka={"linger.ms": 2000})
changes = Named.consumer(bus, group="g")
customers = Named.producer(bus)
for n in range(100):
    customers.put(Customer(customer_id=f"c-{n}"))
"""


def test_a_process_that_closes_nothing_delivers_what_it_sent(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with program(FORGETFUL, topic.topic, environment=place.environment) as process:
        said, errors = process.communicate(timeout=PATIENCE)
    assert (said, errors, process.returncode) == ("", "", 0)
    with topic.consumer(bus, group="other") as changes:
        assert len(list(changes.until_end())) == 100


CONSUMING = """
import kontrakt
from tests.kafka.new.customers import Customer, Customers

with kontrakt.connect() as bus, Customers.consumer(bus, group="child") as changes, Customers.producer(bus) as customers:
    for change in changes:
        print(change.key)
        customers.put(Customer(customer_id="answer"))
        break
"""


def test_an_embedded_bus_serves_other_processes() -> None:
    with kontrakt.embedded(Customers) as bus, Customers.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1")).result(PATIENCE)
        with program(CONSUMING, environment=bus.environment) as process:
            said, errors = process.communicate(timeout=PATIENCE)
            assert (said, errors) == ("c-1\n", "")
        with Customers.consumer(bus, group="g") as changes:
            assert sorted(change.key for change in changes.until_end()) == ["answer", "c-1"]


def test_two_embedded_buses_know_nothing_of_each_other() -> None:
    with kontrakt.embedded(Customers) as one, kontrakt.embedded(Customers) as two:
        assert one.bootstrap_servers != two.bootstrap_servers
        with Customers.producer(one) as customers:
            customers.put(Customer(customer_id="c-1"))
        with Customers.consumer(two, group="g") as changes:
            assert list(changes.until_end()) == []
        with Customers.consumer(one, group="g") as changes:
            assert [change.key for change in changes.until_end()] == ["c-1"]
    one.close()
    with pytest.raises(ClosedError):
        Customers.producer(two)


PRODUCING = """
import kontrakt
from tests.kafka.new.customers import Customer, Customers

with kontrakt.connect() as bus:
    bus.register(Customers)
    with Customers.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
"""


def test_dev_serves_producers_and_consumers_of_other_processes(tmp_path: Path) -> None:
    """Its exports are all that they need, also for a topic that no contract names."""
    with program("from kontrakt.cli import main; main()", "dev", environment={}, folder=tmp_path) as dev:
        assert dev.stdout is not None
        exported: dict[str, str] = {}
        while len(exported) < 5:
            name, _, value = dev.stdout.readline().strip().removeprefix("export ").partition("=")
            exported.update({name: value} if value else {})
        for text, expected in ((PRODUCING, ""), (CONSUMING, "c-1\n"), (CONSUMING, "answer\n")):
            with program(text, environment=exported) as process:
                said, errors = process.communicate(timeout=PATIENCE)
                assert (said, errors, process.returncode) == (expected, "", 0)
        dev.send_signal(signal.SIGINT)
        said, errors = dev.communicate(timeout=PATIENCE)
        assert (said.strip(), errors, dev.returncode) == ("", "", 0)
