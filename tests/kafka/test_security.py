"""TLS, SCRAM and OAuth on Apache Kafka, with the settings that docs/security.md shows: let in is who may come, and nobody else."""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import kontrakt
import pytest
import trustme
from confluent_kafka import KafkaError, KafkaException, admin
from confluent_kafka.cimpl import NewTopic
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kontrakt import BrokerUnavailable, Bus, BusDenied, BusError, Put, settings
from kontrakt.kafka import handles

from tests.kafka.conftest import PARTITIONS, PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.real.plugin import or_missing
from tests.real.start import kafka

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from kontrakt import EmbeddedBus

    from tests.real.kafka import KafkaServer

pytestmark = pytest.mark.real

DOCUMENTED: Final = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
SECRET: Final = "s3cret-of-billing"
MODULES: Final = "org.apache.kafka.common.security"
IMPATIENT: Final[dict[str, Any]] = {"socket.connection.setup.timeout.ms": 3000, "log_level": 0}

_admin: Final[Any] = admin  # its annotations are incomplete


@dataclass(frozen=True)
class Certificates:
    """What an authority has signed, as files.

    Attributes:
        folder: Where they are: ``ca.pem``, ``stranger.pem`` of another authority, ``client.pem`` with ``client.key``.
        broker: What a broker needs to show its own and to ask for those of clients.
    """

    folder: Path
    broker: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "stranger.pem"))
    client, broker = authority.issue_cert("billing@example.org"), authority.issue_cert("127.0.0.1")
    client.cert_chain_pems[0].write_to_path(str(folder / "client.pem"))
    client.private_key_pem.write_to_path(str(folder / "client.key"))
    # Java wants the key as PKCS #8.
    key = load_pem_private_key(broker.private_key_pem.bytes(), None)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "broker.pem").write_bytes(secret + broker.cert_chain_pems[0].bytes())
    return Certificates(
        folder,
        {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(folder / "broker.pem"),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(folder / "ca.pem"),
        },
    )


@pytest.fixture(scope="module")
def mutual(certificates: Certificates) -> Iterator[KafkaServer]:
    """A broker that speaks TLS, and asks for a certificate."""
    broker = certificates.broker | {
        "listener.security.protocol.map": "PLAINTEXT:SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "ssl.client.auth": "required",
    }
    with or_missing(lambda: kafka(broker, clients=by_certificate(certificates))) as server:
        create(server, by_certificate(certificates))
        yield server


@pytest.fixture(scope="module")
def asking(certificates: Certificates) -> Iterator[KafkaServer]:
    """A broker that speaks TLS, and asks for a password or a token."""
    plain = f'{MODULES}.plain.PlainLoginModule required username="admin" password="a" user_admin="a";'
    jaas = "listener.name.plaintext.{}.sasl.jaas.config"
    broker = certificates.broker | {
        "listener.security.protocol.map": "PLAINTEXT:SASL_SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512,OAUTHBEARER",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        jaas.format("plain"): plain,
        jaas.format("scram-sha-512"): f"{MODULES}.scram.ScramLoginModule required;",
        # Kafka's own validator for tokens that nobody signed, which is there for development and tests.
        jaas.format("oauthbearer"): f"{MODULES}.oauthbearer.OAuthBearerLoginModule required "
        'unsecuredLoginStringClaim_sub="admin";',
    }
    administrator = {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": certificates["ca.pem"],
        "sasl.mechanism": "PLAIN",
        "sasl.username": "admin",
        "sasl.password": "a",
    }
    with or_missing(lambda: kafka(broker, clients=administrator)) as server:
        create(server, administrator)
        known = _admin.ScramCredentialInfo(_admin.ScramMechanism.SCRAM_SHA_512, 4096)
        client = _admin.AdminClient({"bootstrap.servers": server.bootstrap_servers, **administrator})
        alteration = _admin.UserScramCredentialUpsertion("billing", known, SECRET.encode())
        for future in client.alter_user_scram_credentials([alteration]).values():
            future.result(PATIENCE)
        yield server


def create(server: KafkaServer, credentials: dict[str, str]) -> None:
    client = _admin.AdminClient({"bootstrap.servers": server.bootstrap_servers, **credentials})
    client.create_topics([NewTopic("customers", PARTITIONS, 1)])["customers"].result(PATIENCE)


def by_certificate(certificates: Certificates) -> dict[str, str]:
    return {
        "security.protocol": "SSL",
        "ssl.ca.location": certificates["ca.pem"],
        "ssl.certificate.location": certificates["client.pem"],
        "ssl.key.location": certificates["client.key"],
    }


def documented(heading: str) -> str:
    """The lines for ``[kafka]`` that the page shows under a heading."""
    block = re.search(rf"^\*\*{heading}\*\*.*?```toml\n(.*?)```", DOCUMENTED, re.DOTALL | re.MULTILINE)
    assert block is not None
    lines = [line for line in block[1].splitlines() if line.startswith('"') and "ssl.ca.location" not in line]
    return "\n".join(lines)


@contextmanager
def connected(
    folder: Path, server: KafkaServer, parts: EmbeddedBus, kafka: str, secret: str = "", **more: Any
) -> Generator[Bus]:
    """A bus that knows what it knows from kontrakt.toml and the environment."""
    (folder / "kontrakt.toml").write_text(f"[kafka]\n{kafka}\n", encoding="utf-8")
    environ = {
        "KONTRAKT_BOOTSTRAP_SERVERS": server.bootstrap_servers,
        "KONTRAKT_REGISTRY_URL": parts.registry_url,
        "KONTRAKT_KAFKA_SASL_PASSWORD": secret,
    }
    with kontrakt.connect(settings.read(folder, environ), kafka=more) as bus:
        bus.register(Customers)
        yield bus


def there_and_back(bus: Bus) -> None:
    """Produce, consume, follow with a table, and send in a transaction."""
    key = uuid.uuid4().hex
    with Customers.producer(bus) as customers:
        sent = customers.put(Customer(customer_id=key, visits=7)).result(PATIENCE)
        with Customers.consumer(bus, group=key) as changes:
            assert key in {change.key for change in changes.until_end() if isinstance(change, Put)}
        with Customers.table(bus) as table:
            table.wait_for(sent, PATIENCE)
            assert table[key].visits == 7
    with bus.transactions(key) as work, work.transaction():
        Customers.producer(work).delete(key)


def is_refused(bus: Bus, kind: type[BusError] = BusDenied) -> None:
    """A consumer is told at once. Messages would wait for as long as they may; no broker takes one."""
    with pytest.raises(kind) as denied:
        Customers.consumer(bus, group="g")
    assert SECRET not in str(denied.value)


def test_tls_with_certificates_of_both_sides(
    mutual: KafkaServer, certificates: Certificates, embedded_parts: EmbeddedBus, tmp_path: Path
) -> None:
    shown = documented("TLS")
    with connected(tmp_path, mutual, embedded_parts, shown, **by_certificate(certificates)) as bus:
        there_and_back(bus)
    strange = by_certificate(certificates) | {"ssl.ca.location": certificates["stranger.pem"]}
    with connected(tmp_path, mutual, embedded_parts, shown, **strange, **IMPATIENT) as bus:
        is_refused(bus)
    nameless = {"ssl.ca.location": certificates["ca.pem"]}
    with connected(tmp_path, mutual, embedded_parts, shown, **nameless, **IMPATIENT) as bus:
        is_refused(bus, BrokerUnavailable)  # under TLS 1.3 the broker just closes the connection


def test_a_password_over_tls(
    asking: KafkaServer, certificates: Certificates, embedded_parts: EmbeddedBus, tmp_path: Path
) -> None:
    shown = documented("User and password")
    trusted = {"ssl.ca.location": certificates["ca.pem"]}
    with connected(tmp_path, asking, embedded_parts, shown, SECRET, **trusted) as bus:
        there_and_back(bus)
    with connected(tmp_path, asking, embedded_parts, shown, f"not-{SECRET}", **trusted, **IMPATIENT) as bus:
        is_refused(bus)
    strange = {"ssl.ca.location": certificates["stranger.pem"]}
    with connected(tmp_path, asking, embedded_parts, shown, SECRET, **strange, **IMPATIENT) as bus:
        is_refused(bus)


def unsigned(subject: str, seconds: float) -> tuple[str, float]:
    """A token that nobody signed, and when it expires."""

    def part(of: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(of).encode()).decode().rstrip("=")

    now = time.time()
    claims: dict[str, object] = {"sub": subject, "iat": now, "exp": now + seconds}
    return f"{part({'alg': 'none'})}.{part(claims)}.", now + seconds


def test_tokens_from_a_function(
    asking: KafkaServer, certificates: Certificates, embedded_parts: EmbeddedBus, tmp_path: Path
) -> None:
    """As the page shows it, with a token that the broker takes; it is called for each client, and with the configuration."""
    asked: list[str] = []

    def token(config: str) -> tuple[str, float]:
        asked.append(config)
        return unsigned("billing", 3600)

    def expired(_config: str) -> tuple[str, float]:
        known, _ = unsigned("billing", -3600)
        return known, time.time() + 3600

    assert '"sasl.mechanism": "OAUTHBEARER", "oauth_cb": token' in DOCUMENTED
    oauth = {"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}
    trusted = oauth | {"ssl.ca.location": certificates["ca.pem"], "sasl.oauthbearer.config": "for=billing"}
    with connected(tmp_path, asking, embedded_parts, "", **trusted, oauth_cb=token) as bus:
        there_and_back(bus)
    assert len(asked) >= 2
    assert set(asked) == {"for=billing"}
    with connected(tmp_path, asking, embedded_parts, "", **trusted, oauth_cb=expired, **IMPATIENT) as bus:
        is_refused(bus)
    with connected(tmp_path, asking, embedded_parts, "", **trusted, oauth_cb=raising, **IMPATIENT) as bus:
        with pytest.raises(BusDenied, match="oauth_cb gave no token: RuntimeError: the signer is out of order"):
            Customers.consumer(bus, group="g")


def raising(_config: str) -> tuple[str, float]:
    raise RuntimeError("the signer is out of order")


def test_a_producer_that_got_no_token_in_time_is_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """confluent-kafka waits for 10 seconds before it says so."""

    def make(_config: object) -> object:
        raise KafkaException(KafkaError(58, "OAuth token not set within 10 seconds timeout"))

    monkeypatch.setattr(handles, "Producer", make)
    with pytest.raises(BusDenied, match="oauth_cb gave no token: OAuth token not set within 10 seconds"):
        handles.producer({"oauth_cb": raising})
