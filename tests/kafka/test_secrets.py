"""What is secret is never shown: in logs, also librdkafka's at its loudest, in errors, in what an object says of itself."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from kontrakt import KontraktError
from kontrakt.settings import read

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka.conftest import Fresh, Place

SECRET = "s3cr3t-h0r5e"

SASL = {"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.username": "billing"}
QUICK_TO_FAIL: dict[str, Any] = {
    "socket.connection.setup.timeout.ms": 1500,
    "delivery.timeout.ms": 1500,
    "debug": "all",
    "log_level": 7,
}

KAFKA: list[dict[str, Any]] = [
    {**SASL, "sasl.password": SECRET},
    {**SASL, "sasl.mechanism": "SCRAM-SHA-512", "sasl.password": SECRET},
    {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.client.id": "billing",
        "sasl.oauthbearer.client.secret": SECRET,
        "sasl.oauthbearer.token.endpoint.url": "http://127.0.0.1:1/token",
    },
    {"security.protocol": "SSL", "ssl.key.password": SECRET},
    {"security.protocol": "SSL", "ssl.key.pem": SECRET, "ssl.certificate.pem": "no certificate"},
    {"security.protocol": "SSL", "ssl.keystore.location": "/nowhere", "ssl.keystore.password": SECRET},
]


@pytest.fixture
def everything(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


def shown(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)


@pytest.mark.parametrize(
    "kafka", KAFKA, ids=lambda kafka: next(name for name, value in kafka.items() if value == SECRET)
)
@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_of_kafka(
    kafka: dict[str, Any],
    place: Place,
    fresh: Fresh,
    everything: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    topic = fresh(Customers)
    said: list[str] = []
    with place.connect() as trusted:
        trusted.register(topic)
    try:
        with kontrakt.connect(
            bootstrap_servers=place.bootstrap_servers, registry_url=place.registry_url, kafka={**QUICK_TO_FAIL, **kafka}
        ) as bus:
            said.append(repr(bus))
            for use in (
                lambda: topic.consumer(bus, group="g"),
                lambda: topic.producer(bus).put(Customer(customer_id="c")).result(PATIENCE),
                lambda: bus.transactions("t-1", config={"transaction.timeout.ms": 1500}),
            ):
                with pytest.raises(KontraktError) as failed:
                    use()
                said.append(shown(failed.value))
    except KontraktError as error:
        said.append(shown(error))
    out, err = capfd.readouterr()
    assert len(said) >= 4
    assert SECRET not in "".join(said) + everything.text + out + err


@pytest.mark.parametrize(
    "registry",
    [
        {"url": f"http://billing:{SECRET}@127.0.0.1:1"},
        {"basic.auth.user.info": f"billing:{SECRET}"},
        {
            "bearer.auth.credentials.source": "STATIC_TOKEN",
            "bearer.auth.token": SECRET,
            "bearer.auth.logical.cluster": "lsrc-1",
            "bearer.auth.identity.pool.id": "pool-1",
        },
        {"nonsense": SECRET},
        {"basic.auth.user.info": SECRET},
    ],
    ids=["url", "basic", "bearer", "unknown", "broken"],
)
@pytest.mark.parametrize("answers", [True, False])
@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_of_the_registry(
    registry: dict[str, str], answers: bool, place: Place, everything: pytest.LogCaptureFixture
) -> None:
    url = place.registry_url if answers else "http://127.0.0.1:1"
    if "url" in registry:
        registry = {"url": url.replace("//", f"//billing:{SECRET}@")}
    bus = kontrakt.connect(
        bootstrap_servers=place.bootstrap_servers, registry_url=url, registry=registry, kafka=place.kafka
    )
    said = [repr(bus)]
    with bus:
        try:
            said.append(repr(bus.registry))
            said.append(bus.registry_url)
            bus.registry.subjects()
        except KontraktError as error:
            said.append(shown(error))
    assert SECRET not in "".join(said) + everything.text


def test_of_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kontrakt.toml").write_text(f'[kafka]\n"sasl.password" = "{SECRET}"\n"group.id" = "{SECRET}"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KONTRAKT_REGISTRY_URL", f"http://billing:{SECRET}@registry")
    monkeypatch.setenv("KONTRAKT_REGISTRY_BASIC_AUTH_USER_INFO", f"billing:{SECRET}")
    settings = read()
    assert settings.kafka["sasl.password"] == SECRET
    assert SECRET not in repr(settings) + str(settings) + repr(settings.kafka) + repr(settings.registry)
    with pytest.raises(KontraktError) as refused:
        kontrakt.connect(settings)
    assert SECRET not in shown(refused.value)


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_a_token_comes_from_the_function_that_is_given_for_it(
    place: Place, everything: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def token(config: str) -> tuple[str, float]:
        asked.append(config)
        return SECRET, 4_000_000_000.0

    kafka = {
        **QUICK_TO_FAIL,
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "sasl.oauthbearer.config": "principal=billing",
        "oauth_cb": token,
    }
    with kontrakt.connect(
        bootstrap_servers=place.bootstrap_servers, registry_url=place.registry_url, kafka=kafka
    ) as bus:
        with pytest.raises(KontraktError) as failed:
            Customers.consumer(bus, group="g")
    assert asked[0] == "principal=billing"
    assert SECRET not in shown(failed.value) + everything.text
