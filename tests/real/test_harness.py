"""The harness on the real parts: what it starts is what it says, and lives as tests demand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from sqlalchemy import NullPool, create_engine, text

from tests.real.errors import ServerError
from tests.real.kafka import KafkaServer
from tests.real.postgres import Postgres, postgres
from tests.real.waiting import eventually, gone

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.real.kafka import Kafka
    from tests.real.start import JavaLibraries

ROOT = Path(__file__).parents[2]
SCHEMA = '{"type":"record","name":"Customer","namespace":"shop","fields":[{"name":"id","type":"string"}]}'
SECONDS = 60


def name(prefix: str) -> str:
    """Give something on a shared server a name of its own."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def create_topic(bootstrap_servers: str) -> str:
    topic = name("harness")
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    topics = [NewTopic(topic, num_partitions=1)]
    created = cast("dict[str, Future[None]]", admin.create_topics(topics))  # pyright: ignore[reportUnknownMemberType]
    created[topic].result(SECONDS)
    return topic


def produce(bootstrap_servers: str, topic: str, value: bytes, **settings: Any) -> KafkaError | None:
    """Write a message; give what the broker said against it."""
    answers: list[KafkaError | None] = []

    def answer(error: KafkaError | None, _message: Message) -> None:
        answers.append(error)

    producer = Producer({"bootstrap.servers": bootstrap_servers, "log_level": 0, **settings})
    producer.produce(topic, value, on_delivery=answer)
    producer.flush(SECONDS)
    (error,) = answers
    return error


def consume(bootstrap_servers: str, topic: str, count: int) -> list[bytes | None]:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap_servers, "group.id": name("group"), "auto.offset.reset": "earliest"}
    )
    try:
        consumer.subscribe([topic])
        messages = consumer.consume(count, timeout=SECONDS)
        for message in messages:
            if error := message.error():
                raise KafkaException(error)
        return [message.value() for message in messages]
    finally:
        consumer.close()


def test_kafka_takes_and_gives_messages(kafka_server: Kafka) -> None:
    topic = create_topic(kafka_server.bootstrap_servers)

    assert produce(kafka_server.bootstrap_servers, topic, b"one") is None
    assert consume(kafka_server.bootstrap_servers, topic, 1) == [b"one"]


def test_kafka_has_transactions(kafka_server: Kafka) -> None:
    topic = create_topic(kafka_server.bootstrap_servers)
    producer = Producer({"bootstrap.servers": kafka_server.bootstrap_servers, "transactional.id": name("tx")})
    producer.init_transactions(SECONDS)
    for value, end in ((b"dropped", producer.abort_transaction), (b"kept", producer.commit_transaction)):
        producer.begin_transaction()
        producer.produce(topic, value)
        end(SECONDS)

    assert consume(kafka_server.bootstrap_servers, topic, 1) == [b"kept"]


def test_kafka_keeps_its_data_and_address(disposable_kafka: KafkaServer) -> None:
    kafka = disposable_kafka
    address = kafka.bootstrap_servers
    topic = create_topic(address)
    assert produce(address, topic, b"before the crash") is None
    kafka.kill()
    assert not kafka.alive
    assert produce(address, topic, b"lost", **{"message.timeout.ms": 500}) is not None

    kafka.start()
    assert produce(address, topic, b"before the stop") is None
    kafka.stop()
    assert not kafka.alive
    kafka.start()

    assert kafka.bootstrap_servers == address
    assert consume(address, topic, 2) == [b"before the crash", b"before the stop"]


def test_a_paused_kafka_is_silent_until_it_resumes(disposable_kafka: KafkaServer) -> None:
    address = disposable_kafka.bootstrap_servers
    topic = create_topic(address)

    disposable_kafka.pause()
    error = produce(address, topic, b"too late", **{"message.timeout.ms": 500})
    disposable_kafka.resume()

    assert error is not None
    assert error.code() == KafkaError._MSG_TIMED_OUT
    assert produce(address, topic, b"in time") is None


def test_close_leaves_nothing(disposable_kafka: KafkaServer) -> None:
    pid, folder = disposable_kafka.pid, disposable_kafka.folder

    disposable_kafka.close()

    assert gone(pid)
    assert not folder.exists()
    with pytest.raises(ServerError, match="has not been started"):
        _ = disposable_kafka.bootstrap_servers


def test_a_server_that_cannot_start_says_why(kafka_libraries: JavaLibraries) -> None:
    server = KafkaServer(kafka_libraries.folder, kafka_libraries.java, {"log.retention.ms": "0"})

    with pytest.raises(ServerError, match=r"log\.retention\.ms") as caught, server:
        pass

    assert not server.alive
    assert "Exception" in caught.value.log


def test_registries_register(registry_url: str) -> None:
    subject = f"{name('harness')}-value"
    with SchemaRegistryClient({"url": registry_url}) as client:
        schema_id = client.register_schema(subject, Schema(SCHEMA, "AVRO"))

        latest = client.get_latest_version(subject)
        assert (latest.schema_id, latest.version) == (schema_id, 1)
        assert client.get_versions(subject) == [1]  # a list of subjects ends somewhere, and others register here too


PROGRAM = """
import org.apache.avro.*;
public class Program {
    public static void main(String[] arguments) {
        System.out.println(SchemaNormalization.parsingFingerprint64(new Schema.Parser().parse(arguments[0])));
    }
}
"""


def test_java_programs_run_on_the_avro_reference(avro_libraries: JavaLibraries, tmp_path: Path) -> None:
    (tmp_path / "Program.java").write_text(PROGRAM)

    answer = subprocess.check_output(
        [avro_libraries.java.executable, "-cp", avro_libraries.classpath, tmp_path / "Program.java", '"int"'], text=True
    )

    assert int(answer) == 8247732601305521295


INNER = """
import os

def test_all(disposable_kafka):
    print(f"ids {disposable_kafka.pid} {disposable_kafka.folder}", flush=True)
    input()
"""


def test_a_killed_pytest_leaves_no_java(kafka_libraries: JavaLibraries, tmp_path: Path) -> None:
    leaves_nothing(INNER, tmp_path)


def leaves_nothing(text: str, tmp_path: Path) -> None:
    """Kill a pytest whose test holds a server open."""
    (tmp_path / "test_inner.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.real.plugin", "-c", os.devnull, "-s", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as inner:
        assert inner.stdout is not None
        line = next(line for line in inner.stdout if "ids" in line)
        pid, folder = line.split()[-2:]
        assert not gone(int(pid))

        inner.send_signal(signal.SIGKILL)

    eventually(lambda: gone(int(pid)))
    eventually(lambda: not Path(folder).exists())


def test_what_a_database_was_told_survives_its_kill_and_its_stop(postgres_server: Postgres) -> None:
    with postgres() as server:
        engine = create_engine(server.url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE told (n int)"))
        for end in (server.kill, server.stop):
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO told VALUES (1)"))
            end()
            assert not server.alive
            server.start()
        with engine.begin() as connection:
            assert connection.execute(text("SELECT count(*) FROM told")).scalar_one() == 2
        folder = server.folder
    assert not folder.exists()


DATABASE = """
def test_all(postgres_server):
    print(f"ids {postgres_server.pid} {postgres_server.folder}", flush=True)
    input()
"""


def test_a_killed_pytest_leaves_no_database(postgres_server: Postgres, tmp_path: Path) -> None:
    leaves_nothing(DATABASE, tmp_path)
