"""Who may ask a registry, over which connection, and what becomes of requests at a door that is shut or out of order."""

from __future__ import annotations

import json
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from kontrakt import settings
from kontrakt.contract import Document
from kontrakt.errors import RegistryDenied, RegistryError, RegistryUnavailable
from kontrakt.registry import Registry
from kontrakt.registry.history import CONNECTIONS, own_levels

from tests.registry.fake import Reply, fake
from tests.registry.guard import basic, bearer, failing, guarded, readers_only

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.registry.served import Served

QUICK = {"max.retries": 0}
KEY = Document(name="string", text='"string"', references=(), subject="s", defines=(), file="")
OAUTH = {
    "bearer.auth.credentials.source": "OAUTHBEARER",
    "bearer.auth.client.id": "billing",
    "bearer.auth.client.secret": "s3cret",
}


# Users, passwords and tokens


@pytest.mark.parametrize(
    "beside", [{"basic.auth.user.info": "billing:s3c:ret"}, {}], ids=["beside the address", "in the address"]
)
def test_a_user_with_a_password(embedded: Served, beside: dict[str, str]) -> None:
    with guarded(embedded.url, basic("billing", "s3c:ret")) as door:
        url = door.url if beside else door.url.replace("http://", "http://billing:s3c%3Aret@")
        with Registry({"url": url, **beside}) as registry:
            assert registry.register("s", KEY, {}).id == 1
        with (
            Registry(door.url) as registry,
            pytest.raises(RegistryDenied, match="credentials and their rights") as caught,
        ):
            registry.subjects()
    assert caught.value.status == 401
    assert len([one for one in door.asked if one.startswith("GET ")]) == 1  # what is refused is not asked again


def test_a_token(embedded: Served) -> None:
    config = {"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.token": "t0ken"}
    with guarded(embedded.url, bearer("t0ken")) as door:
        with Registry({"url": door.url, **config}) as registry:
            assert registry.subjects() == []
        with (
            Registry({"url": door.url, **config, "bearer.auth.token": "old"}) as registry,
            pytest.raises(RegistryDenied),
        ):
            registry.subjects()


def test_a_token_from_the_environment(embedded: Served) -> None:
    environ = {
        "KONTRAKT_REGISTRY_BEARER_AUTH_CREDENTIALS_SOURCE": "STATIC_TOKEN",
        "KONTRAKT_REGISTRY_BEARER_AUTH_TOKEN": "t0ken",
    }
    with guarded(embedded.url, bearer("t0ken")) as door:
        found = settings.read("/", {**environ, "KONTRAKT_REGISTRY_URL": door.url})
        with Registry(found.registry_config) as registry:
            assert registry.subjects() == []


def issuing(*answers: Reply) -> Callable[[str, str], Reply]:
    left = list(answers)
    return lambda method, path: left.pop(0)


def token(name: str, **more: int) -> Reply:
    return 200, {"access_token": name, "token_type": "Bearer", **(more or {"expires_in": 3600})}


@pytest.mark.parametrize("scope", [{}, {"bearer.auth.scope": "registry"}])
def test_oauth_fetches_a_token_once(embedded: Served, scope: dict[str, str]) -> None:
    with guarded(embedded.url, bearer("first")) as door, fake(issuing(token("first"))) as issuer:
        where = {"bearer.auth.issuer.endpoint.url": f"{issuer.url}/token"}
        with Registry({"url": door.url, **OAUTH, **scope, **where}) as registry:
            assert registry.subjects() == []
            assert registry.versions("s") == []
    assert issuer.asked == ["POST /token"]
    assert issuer.headers[0]["Authorization"].startswith(
        "Basic "
    )  # the client's id and secret (RFC 6749, section 2.3.1)


def test_oauth_renews_a_token_before_it_expires(embedded: Served) -> None:
    tokens = issuing(token("first", expires_in=60, expires_at=1), token("second"))
    with guarded(embedded.url, bearer("first", "second")) as door, fake(tokens) as issuer:
        with Registry({"url": door.url, **OAUTH, "bearer.auth.issuer.endpoint.url": issuer.url}) as registry:
            registry.subjects()
            registry.subjects()
    assert [one["Authorization"] for one in door.headers] == ["Bearer first", "Bearer second"]


def test_oauth_without_a_token_is_denied(embedded: Served) -> None:
    refused: Reply = (401, {"error": "invalid_client"})
    with guarded(embedded.url, bearer("first")) as door, fake(issuing(refused, refused)) as issuer:
        config = {"url": door.url, **OAUTH, "bearer.auth.issuer.endpoint.url": issuer.url}
        with (
            Registry({**config, "max.retries": 1, "retries.wait.ms": 1}) as registry,
            pytest.raises(RegistryDenied, match="no token for the schema registry at .*invalid_client") as caught,
        ):
            registry.subjects()
    assert "s3cret" not in str(caught.value)
    assert door.asked == []


def test_oauth_with_a_token_of_unknown_age(embedded: Served) -> None:
    with guarded(embedded.url) as door, fake(lambda method, path: token("first", other=1)) as issuer:
        config = {"url": door.url, **OAUTH, "bearer.auth.issuer.endpoint.url": issuer.url}
        with Registry(config) as registry:
            registry.subjects()
            with pytest.raises(RegistryDenied, match="does not say how long a token is good for"):
                registry.subjects()


def test_rights_that_do_not_reach(embedded: Served) -> None:
    with guarded(embedded.url, readers_only) as door, Registry({"url": door.url, **QUICK}) as registry:
        assert registry.subjects() == []
        with pytest.raises(
            RegistryDenied, match="cannot register string under the subject s: the door is shut"
        ) as caught:
            registry.register("s", KEY, {})
        with pytest.raises(RegistryDenied, match="cannot set the level of the subject s to NONE"):
            registry.set_level("s", "NONE")
    assert caught.value.status == 403


def test_secrets_stay_out_of_logs(embedded: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with guarded(embedded.url, basic("billing", "s3cret")) as door:
        with Registry({"url": door.url.replace("http://", "http://billing:s3cret@")}) as registry:
            registry.subjects()
            assert "s3cret" not in repr(registry)
    assert "s3cret" not in caplog.text


# TLS


@dataclass
class Authority:
    """A certificate authority with a server's and a client's certificate, as files."""

    ca: Path
    client: Path
    key: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder = tmp_path_factory.mktemp("certificates")
    ca = trustme.CA()
    client = ca.issue_cert("billing@example.org")
    found = Authority(
        folder / "ca.pem", folder / "client.pem", folder / "key.pem", ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    )
    ca.cert_pem.write_to_path(str(found.ca))
    client.cert_chain_pems[0].write_to_path(str(found.client))
    client.private_key_pem.write_to_path(str(found.key))
    server: Any = ca.issue_cert("127.0.0.1")  # its annotations also name pyOpenSSL's contexts, which are not installed
    server.configure_cert(found.server)
    found.server.load_verify_locations(found.ca)
    return found


@pytest.mark.parametrize("asked", [ssl.CERT_NONE, ssl.CERT_REQUIRED], ids=["TLS", "mutual TLS"])
def test_certificates_of_an_authority_of_ones_own(
    embedded: Served, authority: Authority, asked: ssl.VerifyMode
) -> None:
    authority.server.verify_mode = asked
    client = {"ssl.certificate.location": str(authority.client), "ssl.key.location": str(authority.key)}
    trusting = {"ssl.ca.location": str(authority.ca)} | (client if asked == ssl.CERT_REQUIRED else {})
    with guarded(embedded.url, tls=authority.server) as door:
        with Registry({"url": door.url, **trusting}) as registry:
            assert registry.register("s", KEY, {}).id == 1
        assert door.connections == 1


def test_a_certificate_of_nobody_known(embedded: Served, authority: Authority) -> None:
    authority.server.verify_mode = ssl.CERT_NONE
    with (
        guarded(embedded.url, tls=authority.server) as door,
        Registry({"url": door.url, **QUICK}) as registry,
        pytest.raises(RegistryUnavailable, match=r"(?i)certificate.verify.failed.*ssl\.ca\.location"),
    ):
        registry.subjects()


def test_a_client_without_the_certificate_that_is_asked_for(embedded: Served, authority: Authority) -> None:
    authority.server.verify_mode = ssl.CERT_REQUIRED
    with (
        guarded(embedded.url, tls=authority.server) as door,
        Registry({"url": door.url, "ssl.ca.location": str(authority.ca), **QUICK}) as registry,
        pytest.raises(RegistryUnavailable, match="no answer"),
    ):
        registry.subjects()
    assert door.asked == []


# Proxies


def test_a_proxy_that_asks_who_comes(embedded: Served) -> None:
    with guarded(embedded.url, basic("ada", "s3cret", "Proxy-Authorization", 407)) as proxy:
        through = proxy.url.replace("http://", "http://ada:s3cret@")
        with Registry({"url": "http://registry.invalid", "proxy": through}) as registry:
            assert registry.subjects() == []
        with (
            Registry({"url": "http://registry.invalid", "proxy": proxy.url, **QUICK}) as registry,
            pytest.raises(RegistryDenied, match="HTTP 407") as caught,
        ):
            registry.subjects()
    assert "s3cret" not in str(caught.value)


def test_a_proxy_from_the_environment(embedded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    with guarded(embedded.url) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with Registry("http://registry.invalid") as registry:
            assert registry.subjects() == []
        with Registry(embedded.url) as registry:
            assert registry.subjects() == []
    assert len(proxy.asked) == 1  # and NO_PROXY is heeded


# Connections and failures


def test_a_connection_serves_many_requests(embedded: Served) -> None:
    with guarded(embedded.url) as door, Registry(door.url) as registry:
        for number in range(20):
            registry.register(f"s{number}", KEY, {})
    assert door.connections == 1
    assert len(door.asked) == 60


def test_requests_side_by_side_share_a_few_connections(embedded: Served) -> None:
    with guarded(embedded.url) as door, Registry(door.url) as registry:
        own_levels(registry, [f"s{number}" for number in range(200)])
        own_levels(registry, [f"s{number}" for number in range(200)])
    assert len(door.asked) == 400
    assert door.connections <= CONNECTIONS


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_registry_that_is_out_of_order_for_a_moment(embedded: Served, status: int) -> None:
    with guarded(embedded.url, failing(2, status)) as door:
        with Registry({"url": door.url, "retries.wait.ms": 1}) as registry:
            assert registry.register("s", KEY, {}).version == 1
    assert len(door.asked) == 5  # twice refused, looked up, registered, looked up


def test_a_registry_that_stays_out_of_order(embedded: Served) -> None:
    with (
        guarded(embedded.url, failing(99)) as door,
        Registry({"url": door.url, "retries.wait.ms": 1, "max.retries": 2}) as registry,
        pytest.raises(RegistryUnavailable, match="cannot list the subjects: the door is shut") as caught,
    ):
        registry.subjects()
    assert (caught.value.status, len(door.asked)) == (503, 3)


def test_waits_grow_from_one_attempt_to_the_next(embedded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    monkeypatch.setattr("random.random", lambda: 1.0)  # the client takes a random part of each
    with guarded(embedded.url, failing(4)) as door:
        with Registry({"url": door.url, "max.retries": 4, "retries.max.wait.ms": 700}) as registry:
            assert registry.subjects() == []
    assert waited == [0.2, 0.4, 0.7, 0.7]


# Modes


def test_a_mode_that_does_not_take_schemas(embedded: Served) -> None:
    with Registry(embedded.url) as registry:
        assert (registry.get_mode(), registry.get_mode("s")) == ("READWRITE", "READWRITE")
        registry.register("s", KEY, {})
        embedded.put("/mode", {"mode": "READONLY"})
        assert (registry.get_mode(), registry.get_mode("s")) == ("READONLY", "READONLY")
        assert registry.register("s", KEY, {}).new is False  # what is there already asks for nothing
        with pytest.raises(RegistryError, match="takes schemas and levels in mode READWRITE") as caught:
            registry.register("t", KEY, {})
        assert (type(caught.value), caught.value.status, caught.value.code) == (RegistryError, 422, 42205)
        with pytest.raises(RegistryError, match="cannot set the level of the subject s to NONE"):
            registry.set_level("s", "NONE")
        embedded.put("/mode/t", {"mode": "READWRITE"})
        assert registry.get_mode("t") == "READWRITE"
        assert registry.register("t", KEY, {}).new


def test_a_registry_without_modes() -> None:
    with fake(lambda method, path: (404, {"error_code": 0, "message": "no"})) as old, Registry(old.url) as registry:
        assert (registry.get_mode(), registry.get_mode("s")) == ("READWRITE", "READWRITE")


def test_a_mode_that_makes_no_sense() -> None:
    def answers(method: str, path: str) -> Reply:
        return 200, ["what"]

    with fake(answers) as odd, Registry(odd.url) as registry:
        with pytest.raises(RegistryError, match="does not answer like a schema registry"):
            registry.get_mode()


# Contexts


def documents() -> dict[str, Document]:
    money = {"type": "record", "name": "a.Money", "fields": [{"name": "amount", "type": "long"}]}
    order = {"type": "record", "name": "a.Order", "fields": [{"name": "total", "type": "a.Money"}]}
    made = [
        Document(
            name="a.Money", text=json.dumps(money), references=(), subject="a.Money", defines=("a.Money",), file=""
        ),
        Document(
            name="a.Order",
            text=json.dumps(order),
            references=("a.Money",),
            subject="orders-value",
            defines=("a.Order",),
            file="",
        ),
    ]
    return {one.name: one for one in made}


@pytest.mark.parametrize("written", ["staging", ".staging", ":.staging:"])
def test_everything_is_in_the_context(embedded: Served, written: str) -> None:
    embedded.register("other", '"long"')
    embedded.register(":.staged:orders-value", '"long"')
    with Registry({"url": embedded.url, "context": written}) as registry:
        done = [registry.register(one.subject, one, documents()) for one in documents().values()]
        assert [(one.subject, one.id) for one in done] == [("a.Money", 1), ("orders-value", 2)]  # ids of its own
        assert registry.subjects() == ["a.Money", "orders-value"]
        assert registry.subjects("a.") == ["a.Money"]
        assert registry.versions("orders-value") == [1]
        latest = registry.latest("orders-value")
        assert latest == registry.version("orders-value", 1)
        assert latest
        assert [(one.subject, one.version) for one in latest.references] == [("a.Money", 1)]
        assert registry.search("orders") == [latest]
        assert registry.writer_schema(2).type == "record"
        registry.set_level("orders-value", "NONE")
        assert (registry.get_level("orders-value"), registry.get_level("a.Money")) == ("NONE", None)
        assert registry.get_mode("orders-value") == "READWRITE"
        verdict = registry.compatible("orders-value", registry.writer_schema(1))
        assert verdict
        assert verdict.compatible
        assert registry.get_level() == "BACKWARD"
        registry.set_level(None, "FULL")
        assert registry.get_level() == "FULL"
        registry.delete_version("orders-value", 1)
        assert registry.versions("orders-value") == []
    assert embedded.get("/subjects").json == [":.staged:orders-value", ":.staging:a.Money", "other"]
    assert embedded.get("/config").json == {"compatibilityLevel": "BACKWARD"}
    with Registry(embedded.url) as default:
        assert default.subjects() == ["other"]
        assert default.writer_schema(1).type == "long"


def test_a_context_is_a_setting(embedded: Served) -> None:
    found = settings.read("/", {"KONTRAKT_REGISTRY_URL": embedded.url, "KONTRAKT_REGISTRY_CONTEXT": "staging"})
    with Registry(found.registry_config) as registry:
        registry.register("s", KEY, {})
    assert embedded.get("/subjects").json == [":.staging:s"]


@pytest.mark.parametrize("name", ["a:b", " staging", ":.a:b:"])
def test_a_context_that_is_none(embedded: Served, name: str) -> None:
    with pytest.raises(RegistryError, match="is not the name of a context"):
        Registry({"url": embedded.url, "context": name})


def test_threads_share_a_client_behind_a_door(embedded: Served) -> None:
    with guarded(embedded.url, basic("billing", "s3cret")) as door:
        with Registry({"url": door.url, "basic.auth.user.info": "billing:s3cret"}) as registry:

            def register(subject: str) -> int:
                return registry.register(subject, KEY, {}).id

            with ThreadPoolExecutor(8) as pool:
                ids = set(pool.map(register, [f"s{number}" for number in range(40)]))
    assert ids == {1}
