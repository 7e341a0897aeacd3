"""The client and registries that fail: nothing there, no rights, no sense, too many threads."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from kontrakt.codec.bundle import Document
from kontrakt.errors import (
    RegistryDenied,
    RegistryError,
    RegistryUnavailable,
    SchemaNotFound,
    SchemaNotRegistered,
    SchemaRejected,
)
from kontrakt.registry import Registry

from tests.registry.fake import HANGS_UP, Reply, fake

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.registry.served import Served

QUICK = {"max.retries": 0}
KEY = Document(name="string", text='"string"', subject="s-key")
SCHEMA = {"schema": '"string"', "id": 1}


def always(status: int, body: object) -> Callable[[str, str], Reply]:
    return lambda method, path: (status, body)


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with (
            Registry({"url": url, "retries.wait.ms": 1}) as registry,
            pytest.raises(RegistryUnavailable, match=f"cannot fetch schema id 1: no answer from {url}: ") as caught,
        ):
            registry.writer_schema(1)
    assert (caught.value.status, caught.value.code) == (0, 0)


def test_a_proxy_in_the_way_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{taken.getsockname()[1]}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with (
            Registry({"url": "http://127.0.0.1:8081", **QUICK}) as registry,
            pytest.raises(RegistryUnavailable, match="HTTP_PROXY is set, add the registry's host to NO_PROXY"),
        ):
            registry.subjects()


def test_a_name_that_leads_nowhere() -> None:
    with Registry({"url": "http://registry.invalid", **QUICK}) as registry, pytest.raises(RegistryUnavailable):
        registry.subjects()


def test_a_silent_registry() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            Registry({"url": url, "timeout": 0.05, **QUICK}) as registry,
            pytest.raises(RegistryUnavailable, match=r"imed ?out"),
        ):
            registry.writer_schema(1)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, 40101, RegistryDenied),
        (403, 40301, RegistryDenied),
        (407, 407, RegistryDenied),
        (404, 40403, SchemaNotFound),
        (408, 408, RegistryUnavailable),
        (429, 42901, RegistryUnavailable),
        (500, 50001, RegistryUnavailable),
        (502, 502, RegistryUnavailable),
        (503, 50301, RegistryUnavailable),
        (409, 40901, SchemaRejected),
        (422, 42201, SchemaRejected),
    ],
)
def test_each_answer_has_its_error(status: int, code: int, kind: type[RegistryError]) -> None:
    with (
        fake(always(status, {"error_code": code, "message": "the reason"})) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(kind, match="the reason") as caught,
    ):
        registry.writer_schema(1)
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code) == (status, code)
    assert f"HTTP {status}" in str(caught.value)


@pytest.mark.parametrize(("status", "code"), [(400, 400), (422, 42203), (422, 42205), (501, 50101)])
def test_what_is_no_schemas_fault(status: int, code: int) -> None:
    with (
        fake(always(status, {"error_code": code, "message": "the reason"})) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError) as caught,
    ):
        registry.set_level("s", "FULL")
    assert type(caught.value) is RegistryError


@pytest.mark.parametrize("body", [b"<html>not found</html>", b"", b"[]", b"null", b'{"message": 3}'])
@pytest.mark.parametrize(("status", "kind"), [(404, SchemaNotFound), (401, RegistryDenied), (500, RegistryUnavailable)])
def test_errors_without_the_registrys_words(status: int, kind: type[RegistryError], body: bytes) -> None:
    with (
        fake(always(status, body)) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(kind) as caught,
    ):
        registry.writer_schema(1)
    assert (caught.value.status, caught.value.code) == (status, 0)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hello</html>",
        b"",
        [],
        None,
        "text",
        {},
        {"schema": 7},
        {"schema": '"string"', "references": [{"name": "a"}]},
        {"schema": '"string"', "references": 3},
    ],
)
def test_answers_that_make_no_sense(body: object) -> None:
    with (
        fake(always(200, body)) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError, match="does not answer like a schema registry"),
    ):
        registry.writer_schema(1)


@pytest.mark.parametrize("body", [{}, {"a": 1}, [1], 7, None, b"x"])
def test_lists_that_are_none(body: object) -> None:
    with (
        fake(always(200, body)) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError, match="does not answer like a schema registry"),
    ):
        registry.subjects()


def test_a_look_up_without_an_id() -> None:
    with (
        fake(always(200, {"subject": "s-key", "version": 1})) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError, match="as the id"),
    ):
        registry.schema_id("s-key", KEY, {})


def test_what_is_not_avro() -> None:
    body = {"schema": 'syntax = "proto3";', "schemaType": "PROTOBUF"}
    with (
        fake(always(200, body)) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError, match=r"schema id 4 in the registry at .* is a PROTOBUF schema"),
    ):
        registry.writer_schema(4)


def test_what_cannot_be_read() -> None:
    with (
        fake(always(200, {"schema": '{"type": "nope"}'})) as server,
        Registry({"url": server.url}) as registry,
        pytest.raises(RegistryError, match=r"schema id 4 in the registry at .* cannot be read: <schema id 4>:1:"),
    ):
        registry.writer_schema(4)


def test_schemas_that_are_not_strict_are_read() -> None:
    text = '{"type": "record", "name": "A", "fields": [{"name": "x", "type": "int", "default": "no number"}]}'
    with fake(always(200, {"schema": text})) as server, Registry({"url": server.url}) as registry:
        assert registry.writer_schema(4).type == "record"


# Asking once


def test_an_id_is_fetched_once() -> None:
    with fake(always(200, SCHEMA)) as server, Registry({"url": server.url}) as registry:
        for _ in range(3):
            registry.writer_schema(1)
        registry.writer_schema(2)
    assert server.asked == ["GET /schemas/ids/1", "GET /schemas/ids/2"]


def test_many_threads_ask_once() -> None:
    threads = 16
    together = threading.Barrier(threads)
    everybody_waits = threading.Event()

    def reply(method: str, path: str) -> Reply:
        everybody_waits.wait(30)
        return 200, {**SCHEMA, "subject": "s-key", "version": 1}

    with fake(reply) as server, Registry({"url": server.url}) as registry:

        def ask() -> int:
            together.wait(30)
            registry.writer_schema(1)
            return registry.schema_id("s-key", KEY, {})

        with ThreadPoolExecutor(threads) as pool:
            answers = [pool.submit(ask) for _ in range(threads)]
            everybody_waits.set()
            assert {answer.result(30) for answer in answers} == {1}
    assert len(server.asked) == 2


def test_an_unknown_id_is_not_asked_for_with_every_message() -> None:
    with (
        fake(always(404, {"error_code": 40403, "message": "Schema 1 not found"})) as server,
        Registry({"url": server.url}) as registry,
    ):
        for _ in range(5):
            with pytest.raises(SchemaNotFound):
                registry.writer_schema(1)
    assert len(server.asked) == 1


def test_a_schema_may_be_registered_any_time() -> None:
    there: list[bool] = []

    def reply(method: str, path: str) -> Reply:
        if there:
            return 200, {**SCHEMA, "subject": "s-key", "version": 1}
        return 404, {"error_code": 40401, "message": "there is no subject s-key"}

    with fake(reply) as server, Registry({"url": server.url}) as registry:
        with pytest.raises(SchemaNotRegistered):
            registry.schema_id("s-key", KEY, {})
        there.append(True)
        assert registry.schema_id("s-key", KEY, {}) == 1
        assert registry.schema_id("s-key", KEY, {}) == 1
    assert len(server.asked) == 2


def test_a_failure_is_not_kept() -> None:
    answers: list[Reply] = [(503, {"error_code": 50301, "message": "later"}), (200, SCHEMA)]
    with fake(lambda method, path: answers.pop(0)) as server, Registry({"url": server.url, **QUICK}) as registry:
        with pytest.raises(RegistryUnavailable):
            registry.writer_schema(1)
        assert registry.writer_schema(1).type == "string"


def test_a_failing_registry_is_asked_again() -> None:
    answers: list[Reply] = [(503, b""), (502, b""), (200, SCHEMA)]
    with (
        fake(lambda method, path: answers.pop(0)) as server,
        Registry({"url": server.url, "retries.wait.ms": 1}) as registry,
    ):
        assert registry.writer_schema(1).type == "string"
    assert len(server.asked) == 3


CUT = b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"schema"'


@pytest.mark.parametrize("reply", [HANGS_UP, CUT], ids=["no answer", "half an answer"])
def test_a_registry_that_hangs_up_is_asked_again(reply: bytes) -> None:
    answers: list[Reply] = [(200, SCHEMA), reply, reply, (200, SCHEMA)]
    with (
        fake(lambda method, path: answers.pop(0)) as server,
        Registry({"url": server.url, "retries.wait.ms": 1}) as registry,
    ):
        assert registry.writer_schema(1).type == "string"
        assert registry.writer_schema(2).type == "string"  # over the same connection, at first
    assert server.asked == ["GET /schemas/ids/1", *3 * ["GET /schemas/ids/2"]]


@pytest.mark.parametrize("reply", [HANGS_UP, CUT], ids=["no answer", "half an answer"])
def test_a_registry_that_always_hangs_up(reply: bytes) -> None:
    with (
        fake(lambda method, path: reply) as server,
        Registry({"url": server.url, "retries.wait.ms": 1}) as registry,
        pytest.raises(RegistryUnavailable, match=f"cannot fetch schema id 1: no answer from {server.url}: ") as caught,
    ):
        registry.writer_schema(1)
    assert (caught.value.status, caught.value.code) == (0, 0)
    assert server.asked == 4 * ["GET /schemas/ids/1"]


def test_a_registry_that_hangs_up_after_registering() -> None:
    held: list[str] = []

    def reply(method: str, path: str) -> Reply:
        if path.startswith("/subjects/s-key/versions"):
            held.append(path)
            return HANGS_UP if len(held) == 1 else (200, {"id": 1})
        if held:
            return 200, {**SCHEMA, "subject": "s-key", "version": 1}
        return 404, {"error_code": 40401, "message": "there is no subject s-key"}

    with fake(reply) as server, Registry({"url": server.url, "retries.wait.ms": 1}) as registry:
        registered = registry.register("s-key", KEY, {})
    assert (registered.id, registered.version, registered.new) == (1, 1, True)
    assert len(held) == 2  # a registry gives a schema that it holds its id again


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/login\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=["unreadable", "elsewhere"],
)
def test_what_is_no_registrys_answer(answer: bytes) -> None:
    with (
        fake(lambda method, path: answer) as server,
        Registry({"url": server.url, **QUICK}) as registry,
        pytest.raises(RegistryError, match="cannot list the subjects") as caught,
    ):
        registry.subjects()
    assert type(caught.value) is RegistryError


def test_nothing_is_ever_registered_by_looking_up() -> None:
    with (
        fake(always(404, {"error_code": 40401, "message": "no"})) as server,
        Registry(server.url) as registry,
        pytest.raises(SchemaNotRegistered),
    ):
        registry.schema_id("s-key", KEY, {})
    assert [one.partition("?")[0] for one in server.asked] == ["POST /subjects/s-key"]


# Configuration


def test_credentials_are_sent_and_never_shown() -> None:
    with fake(always(401, {"error_code": 40101, "message": "Unauthorized"})) as server:
        url = server.url.replace("http://", "http://user:secret@")
        with Registry({"url": url, **QUICK}) as registry, pytest.raises(RegistryDenied) as caught:
            registry.subjects()
        assert "secret" not in str(caught.value)
        assert "secret" not in repr(registry)
        with (
            Registry({"url": server.url, "basic.auth.user.info": "user:secret", **QUICK}) as registry,
            pytest.raises(RegistryDenied),
        ):
            registry.subjects()
    assert [headers["Authorization"][:6] for headers in server.headers] == ["Basic ", "Basic "]


def test_a_bearer_token_is_sent() -> None:
    config = {
        "bearer.auth.credentials.source": "STATIC_TOKEN",
        "bearer.auth.token": "t0ken",
        "bearer.auth.logical.cluster": "lsrc-1",
        "bearer.auth.identity.pool.id": "pool-1",
    }
    with fake(always(200, [])) as server, Registry({"url": server.url, **config}) as registry:
        assert registry.subjects() == []
    assert server.headers[0]["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "url"),
        ({"url": "localhost:8081"}, "Invalid url"),
        ({"url": "http://x", "tiemout": 3}, "tiemout"),
        ({"url": "https://x", "ssl.ca.location": "/no/such/file"}, "not valid"),
    ],
)
def test_a_configuration_that_is_none(config: dict[str, object], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        Registry(config)


def test_the_second_address_answers_when_the_first_does_not() -> None:
    with socket.socket() as taken, fake(always(200, SCHEMA)) as server:
        taken.bind(("127.0.0.1", 0))
        urls = f"http://127.0.0.1:{taken.getsockname()[1]},{server.url}"
        with Registry({"url": urls, **QUICK}) as registry:
            assert registry.writer_schema(1).type == "string"


def test_a_closed_client(embedded: Served) -> None:
    registry = Registry(embedded.url)
    registry.close()
    registry.close()
    with pytest.raises(RegistryError, match="was closed"):
        registry.subjects()
