"""The embedded registry: what it does beyond what every registry does."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient, SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from kontrakt.errors import RegistryError
from kontrakt.registry.embedded import EmbeddedRegistry, store

from tests.real.server import free_ports
from tests.registry.served import Served, record


def connection(served: Served) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=30)


def read(kept: http.client.HTTPConnection, path: str) -> bytes:
    kept.request("GET", path)
    return kept.getresponse().read()


# Starting and stopping


def test_it_starts_stops_and_keeps_what_it_holds() -> None:
    registry = EmbeddedRegistry()
    with pytest.raises(RegistryError, match="not running"):
        _ = registry.url
    with registry:
        served = Served("embedded", registry.url, "confluent")
        number = served.register("a", '"int"')
        with pytest.raises(RegistryError, match="running already"):
            registry.start()
    registry.stop()
    with pytest.raises(OSError, match="refused"):
        served.get("/subjects")
    with registry:
        again = Served("embedded", registry.url, "confluent")
        assert again.get("/subjects/a/versions/1").json["id"] == number


def test_stopping_closes_what_clients_keep_open() -> None:
    with EmbeddedRegistry() as registry:
        kept = connection(Served("embedded", registry.url, "confluent"))
        assert read(kept, "/subjects") == b"[]"
    with pytest.raises((http.client.HTTPException, OSError)):
        read(kept, "/subjects")
    kept.close()


def test_a_port_of_ones_own() -> None:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(RegistryError, match=f"cannot listen on port {port}: "):
            EmbeddedRegistry(port=port).start()
    with EmbeddedRegistry(port=port) as registry:
        assert registry.url == f"http://127.0.0.1:{port}"
    with EmbeddedRegistry(port=port):  # at once again
        pass


def test_a_level_of_ones_own() -> None:
    with EmbeddedRegistry(level="none") as registry:
        assert Served("embedded", registry.url, "confluent").get("/config").json == {"compatibilityLevel": "NONE"}
    with pytest.raises(ValueError, match="there are NONE, BACKWARD, "):
        EmbeddedRegistry(level="WRONG")


# HTTP


def test_a_connection_serves_many_requests(embedded: Served) -> None:
    kept = connection(embedded)
    for number in range(5):
        kept.request("POST", f"/subjects/s{number}/versions", json.dumps({"schema": '"int"'}))
        answer = kept.getresponse()
        assert answer.getheader("Content-Type") == "application/vnd.schemaregistry.v1+json"
        assert json.loads(answer.read())["id"] == 1
    kept.close()


def test_a_client_that_asks_to_close(embedded: Served) -> None:
    kept = connection(embedded)
    kept.request("GET", "/subjects", headers={"Connection": "close"})
    answer = kept.getresponse()
    assert answer.getheader("Connection") == "close"
    assert answer.read() == b"[]"
    kept.close()


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "PUT"])
def test_a_wrong_method(embedded: Served, method: str) -> None:
    answer = embedded.ask(method, "/subjects")
    assert answer.error == (405, 405)
    assert answer.json["message"] == f"this path takes no {method}"


def test_a_head_has_no_body(embedded: Served) -> None:
    kept = connection(embedded)
    kept.request("HEAD", "/subjects")
    assert kept.getresponse().read() == b""
    assert read(kept, "/subjects") == b"[]"
    kept.close()


@pytest.mark.parametrize("path", ["/nowhere", "/subjects/a/b/c/d/e", "/schemas/ids/x", "/schemas/ids/99999999999"])
def test_a_path_that_is_none(embedded: Served, path: str) -> None:
    assert embedded.get(path).error == (404, 404)


def test_slashes_that_mean_nothing(embedded: Served) -> None:
    assert embedded.get("/").json == {}
    assert embedded.get("//subjects/").json == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        {"schema": {"type": "int"}},
        {"schema": 7},
        {"schema": '"int"', "schemaType": 7},
        {"schema": '"int"', "references": {}},
        {"schema": '"int"', "references": [7]},
        {"schema": '"int"', "references": [{"name": "a", "subject": "b"}]},
        {"schema": '"int"', "id": "7"},
        {"schema": '"int"', "version": True},
    ],
)
def test_a_body_that_is_none(embedded: Served, body: object) -> None:
    answer = embedded.post("/subjects/s/versions", body)
    assert answer.error == (400, 400)
    assert embedded.get("/subjects").json == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": "-1"}, 400),
        ({"Content-Length": str(10**30)}, 413),
    ],
)
def test_bodies_that_are_not_read(embedded: Served, headers: dict[str, str], status: int) -> None:
    kept = connection(embedded)
    kept.putrequest("POST", "/subjects/s/versions", skip_accept_encoding=True)
    for header, value in headers.items():
        kept.putheader(header, value)
    kept.endheaders()
    answer = kept.getresponse()
    assert answer.status == status
    assert json.loads(answer.read())["error_code"] == status
    kept.close()


@pytest.mark.parametrize(
    "line", [b"nonsense\r\n\r\n", b"GET /subjects HTTP/9.9\r\n\r\n", b"BREW /subjects HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http(embedded: Served, line: bytes) -> None:
    host, port = embedded.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as raw:
        raw.sendall(line)
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    assert b'"error_code"' in answer
    assert embedded.get("/subjects").status == 200


def test_a_large_schema(embedded: Served) -> None:
    fields = [(f"field_{number}", "string") for number in range(20_000)]
    number = embedded.register("large", record("a.Large", *fields))
    assert len(json.loads(embedded.get(f"/schemas/ids/{number}").json["schema"])["fields"]) == 20_000


def test_a_deep_schema(embedded: Served) -> None:
    def nested(depth: int) -> str:
        return '{"type": "array", "items": ' * depth + '"int"' + "}" * depth

    embedded.register("deep", nested(200))
    assert embedded.post("/subjects/deeper/versions", {"schema": nested(50_000)}).error == (422, 42201)
    between = embedded.post("/subjects/deeper/versions", {"schema": nested(1_500)})
    assert between.status == 200 or between.error == (422, 42201)  # Python 3.12 and newer write deeper JSON


def test_text_beyond_ascii(embedded: Served) -> None:
    schema = '{"type": "enum", "name": "A", "doc": "Zażółć 🎉", "symbols": ["B"]}'
    number = embedded.register("ä/ö", schema)
    assert embedded.get(f"/schemas/ids/{number}").json["schema"] == schema
    assert embedded.get(f"/schemas/ids/{number}/schema").json == json.loads(schema)


# Schemas


@pytest.mark.parametrize(
    "other",
    [
        '{"name": "a.A", "fields": [{"type": {"type": "int"}, "name": "x"}], "type": "record"}',
        '{"type": "record", "name": "A", "namespace": "a", "fields": [{"name": "x", "type": "int", "doc": ""}]}',
        '{\n"type":"record","name":"a.A","namespace":"ignored","fields":[{"name":"x","type":"int"}]}',
    ],
)
def test_ways_to_write_one_schema(embedded: Served, other: str) -> None:
    number = embedded.register("s", record("a.A", ("x", "int")))
    assert embedded.register("s", other) == number
    assert embedded.post("/subjects/s?normalize=true", {"schema": other}).json["id"] == number


@pytest.mark.parametrize(
    "other",
    [
        record("a.A", ("x", "int"), doc="Documented."),
        record("a.A", ("x", "int"), aliases=["B"]),
        record("a.A", ("x", "int"), owner="somebody"),
        record("a.A", ("x", {"type": "int", "logicalType": "date"})),
        '{"type": "record", "name": "a.A", "fields": [{"name": "x", "type": "int", "default": 0}]}',
    ],
)
def test_what_makes_another_schema(embedded: Served, other: str) -> None:
    number = embedded.register("s", record("a.A", ("x", "int")))
    embedded.level("s", "NONE")
    assert embedded.register("s", other) != number


def test_metadata_is_part_of_a_schema(embedded: Served) -> None:
    embedded.register("s", '"int"')
    embedded.level("s", "NONE")
    number = embedded.register("s", '"int"', metadata={"properties": {"owner": "me"}}, ruleSet={"domainRules": []})
    found = embedded.get("/subjects/s/versions/2").json
    assert (found["id"], found["metadata"], found["ruleSet"]) == (
        number,
        {"properties": {"owner": "me"}},
        {"domainRules": []},
    )


def test_only_avro(embedded: Served) -> None:
    answer = embedded.post("/subjects/s/versions", {"schema": "{}", "schemaType": "JSON"})
    assert answer.error == (422, 42201)
    assert "holds AVRO schemas, not JSON" in answer.json["message"]


def test_an_invalid_schema_says_where(embedded: Served) -> None:
    answer = embedded.post("/subjects/s/versions", {"schema": record("a.A", ("x", "Nope"))})
    assert 'the type "Nope" is not defined' in answer.json["message"]


def test_many_threads_register(embedded: Served) -> None:
    def register(number: int) -> int:
        return embedded.register(f"s{number % 8}", record(f"a.A{number % 4}"))

    embedded.put("/config", {"compatibility": "NONE"})
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(register, range(64)))
    assert set(ids) == {1, 2, 3, 4}
    assert {tuple(embedded.get(f"/subjects/s{number}/versions").json) for number in range(8)} == {(1,)}


def test_ids_are_not_given_again(embedded: Served) -> None:
    first = embedded.register("s", '"int"')
    embedded.delete("/subjects/s")
    assert embedded.get(f"/schemas/ids/{first}").status == 200
    assert embedded.get(f"/schemas/ids/{first}/versions").json == []
    assert embedded.get(f"/schemas/ids/{first}/versions?deleted=true").json == [{"subject": "s", "version": 1}]
    embedded.delete("/subjects/s?permanent=true")
    assert embedded.get(f"/schemas/ids/{first}").error == (404, 40403)
    assert embedded.get(f"/schemas/ids/{first}/subjects").error == (404, 40403)
    assert embedded.register("s", '"int"') == first + 1
    assert embedded.get("/schemas/ids/2?fetchMaxId=true").json["maxId"] == 2


def test_a_deleted_subject_forgets_its_level(embedded: Served) -> None:
    embedded.register("s", '"int"')
    embedded.level("s", "FULL")
    embedded.delete("/subjects/s")
    assert embedded.get("/config/s").error == (404, 40408)


def test_lists_come_in_pages(embedded: Served) -> None:
    for number in range(5):
        embedded.register(f"s{number}", record(f"a.A{number}"))
    embedded.delete("/subjects/s4")
    assert embedded.get("/subjects?offset=1&limit=2").json == ["s1", "s2"]
    assert embedded.get("/subjects?offset=3").json == ["s3"]
    assert embedded.get("/subjects?offset=0&limit=-1").json == ["s0", "s1", "s2", "s3"]
    assert embedded.get("/subjects?deletedOnly=true").json == ["s4"]
    assert embedded.get("/subjects?deleted=True&limit=9").json == ["s0", "s1", "s2", "s3", "s4"]
    assert embedded.get("/subjects?offset=x").error == (400, 400)
    assert [one["subject"] for one in embedded.get("/schemas?limit=2").json] == ["s0", "s1"]
    assert embedded.get("/subjects/s4/versions?deletedOnly=true").json == [1]


def test_contexts(embedded: Served) -> None:
    embedded.register("s", '"int"')
    embedded.register(":.staging:s", '"string"')
    assert embedded.get("/contexts").json == [".", ".staging"]
    assert embedded.get("/subjects/:.:s/versions/1").json["schema"] == '"int"'
    assert embedded.get("/subjects?subjectPrefix=:.staging:").json == [":.staging:s"]
    assert embedded.get("/subjects?subjectPrefix=:*:").json == [":.staging:s", "s"]


def test_a_context_has_ids_of_its_own(embedded: Served) -> None:
    embedded.register("a", '"int"')
    embedded.register("s", '"string"')
    assert embedded.register(":.staging:s", '"long"') == 1
    assert embedded.get("/schemas/ids/1").json["schema"] == '"int"'
    assert embedded.get("/schemas/ids/1?subject=:.staging:").json["schema"] == '"long"'
    assert embedded.get("/schemas/ids/1?subject=:.staging:s&fetchMaxId=true").json["maxId"] == 1
    assert embedded.get("/schemas/ids/1/schema?subject=s").json == "int"
    assert embedded.get("/schemas/ids/1/subjects?subject=:.staging:").json == [":.staging:s"]
    assert embedded.get("/schemas/ids/1/versions").json == [{"subject": "a", "version": 1}]
    assert embedded.get("/schemas/ids/2?subject=:.staging:").error == (404, 40403)
    embedded.register(":.live:only", '"bytes"')
    embedded.register(":.live:only", '"bytes"')
    embedded.register(":.live:more", '"double"')
    assert embedded.get("/schemas/ids/2?subject=more").json["schema"] == '"string"'  # the default context comes first
    embedded.register(":.live:last", '"float"')
    assert embedded.get("/schemas/ids/3?subject=last").json["schema"] == '"float"'
    guid = embedded.get("/subjects/:.live:last/versions/1").json["guid"]
    embedded.register("last", '"float"')
    ids = [{"context": ".", "id": 3}, {"context": ".live", "id": 3}]
    assert embedded.get(f"/schemas/guids/{guid}/ids").json == ids


@pytest.mark.parametrize("written", [".staging", ":.staging:", "%3A.staging%3A"])
def test_an_address_may_end_in_a_context(embedded: Served, written: str) -> None:
    embedded.register("money", '"long"')
    inside = Served("embedded", f"{embedded.url}/contexts/{written}", "confluent")
    assert inside.get("").json == {}
    assert inside.register("money", record("a.Money")) == 1
    used = {"name": "a.Money", "subject": "money", "version": 1}
    assert inside.register("a/b", record("a.Order", ("total", "Money")), references=[used]) == 2
    assert inside.get("/subjects").json == [":.staging:a/b", ":.staging:money"]
    assert inside.get("/subjects?subjectPrefix=m").json == [":.staging:money"]
    assert [one["id"] for one in inside.get("/schemas").json] == [2, 1]
    assert inside.get("/subjects/a%2Fb/versions/latest").json["references"] == [used]
    assert inside.get("/schemas/ids/1").json["schema"] == record("a.Money")
    assert inside.get("/schemas/ids/2/subjects").json == [":.staging:a/b"]
    assert inside.put("/config", {"compatibility": "NONE"}).json == {"compatibility": "NONE"}
    assert inside.get("/config/money?defaultToGlobal=true").json == {"compatibilityLevel": "NONE"}
    assert inside.post("/compatibility/subjects/money/versions", {"schema": '"int"'}).json == {"is_compatible": True}
    assert inside.put("/mode/money", {"mode": "READONLY"}).json == {"mode": "READONLY"}
    assert inside.post("/subjects/money/versions", {"schema": '"int"'}).error == (422, 42205)
    assert embedded.get("/config").json == {"compatibilityLevel": "BACKWARD"}
    assert embedded.get("/subjects").json == [":.staging:a/b", ":.staging:money", "money"]
    default = Served("embedded", f"{embedded.url}/contexts/:.:", "confluent")
    assert default.get("/schemas/ids/1").json["schema"] == '"long"'
    assert default.get("/config").json == {"compatibilityLevel": "BACKWARD"}
    assert embedded.get("/contexts/a:b/subjects").error == (400, 400)


def test_references_stay_in_the_context(embedded: Served) -> None:
    used = {"name": "a.Money", "subject": "money", "version": 1}
    order = {"schema": record("a.Order", ("total", "Money")), "references": [used]}
    embedded.register("money", record("a.Money"))
    assert embedded.post("/subjects/:.staging:order/versions", order).error == (422, 42201)
    embedded.register(":.staging:money", record("a.Money"))
    assert embedded.post("/subjects/:.staging:order/versions", order).status == 200
    assert embedded.get("/subjects/:.staging:order/versions/1").json["references"] == [used]
    assert embedded.get("/subjects/money/versions/1/referencedby").json == []
    assert embedded.get("/subjects/:.staging:money/versions/1/referencedby").json == [2]
    assert embedded.delete("/subjects/:.staging:money").error == (422, 42206)
    assert embedded.delete("/subjects/money").json == [1]


def test_a_context_has_a_level_and_a_mode(embedded: Served) -> None:
    embedded.put("/config/:.staging:", {"compatibility": "NONE"})
    embedded.put("/mode/:.staging:", {"mode": "READONLY"})
    assert embedded.get("/config/:.staging:s?defaultToGlobal=true").json == {"compatibilityLevel": "NONE"}
    assert embedded.get("/config/s?defaultToGlobal=true").json == {"compatibilityLevel": "BACKWARD"}
    assert embedded.get("/mode/:.staging:s?defaultToGlobal=true").json == {"mode": "READONLY"}
    assert embedded.post("/subjects/:.staging:s/versions", {"schema": '"int"'}).error == (422, 42205)
    embedded.put("/mode/:.staging:s", {"mode": "READWRITE"})
    embedded.register(":.staging:s", '"int"')
    embedded.register(":.staging:s", '"string"')
    embedded.register("s", '"int"')
    assert embedded.post("/subjects/s/versions", {"schema": '"string"'}).status == 409


@pytest.mark.parametrize("mode", ["IMPORT", "FORWARD"])
def test_modes_in_which_schemas_bring_their_ids(embedded: Served, mode: str) -> None:
    embedded.put("/mode/s", {"mode": mode})
    assert embedded.post("/subjects/s/versions", {"schema": '"int"'}).error == (422, 42205)
    assert embedded.post("/subjects/s/versions", {"schema": '"int"', "id": 7}).json["id"] == 7
    assert (
        embedded.post("/subjects/s/versions", {"schema": '"string"', "id": 8}).json["version"] == 2
    )  # nothing is judged


def test_all_schemas(embedded: Served) -> None:
    embedded.register("s", '"int"')
    embedded.level("s", "NONE")
    embedded.register("s", '"string"')
    embedded.register("t", '"long"')
    assert [(one["subject"], one["version"]) for one in embedded.get("/schemas").json] == [("s", 1), ("s", 2), ("t", 1)]
    latest = embedded.get("/schemas?latestOnly=true&subjectPrefix=s").json
    assert [(one["subject"], one["version"]) for one in latest] == [("s", 2)]


def test_a_reference_to_the_newest(embedded: Served) -> None:
    embedded.register("money", record("a.Money"))
    embedded.register(
        "order",
        record("a.Order", ("total", "Money")),
        references=[{"name": "a.Money", "subject": "money", "version": -1}],
    )
    assert embedded.get("/subjects/order/versions/1").json["references"][0]["version"] == 1


def test_a_guid_is_the_same_in_every_registry(embedded: Served) -> None:
    embedded.register("other", '"int"')
    embedded.register("s", '"string"')
    guid = embedded.get("/subjects/s/versions/1").json["guid"]
    assert embedded.get(f"/schemas/guids/{guid}/ids").json == [{"context": ".", "id": 2}]
    with EmbeddedRegistry() as another:
        served = Served("embedded", another.url, "confluent")
        served.register("s", '"string"')
        assert served.get(f"/schemas/guids/{guid}").json["schema"] == '"string"'
    assert embedded.get("/schemas/guids/nonsense").error == (404, 40403)


# Modes


def test_modes(embedded: Served) -> None:
    embedded.put("/mode", {"mode": "READONLY"})
    assert embedded.post("/subjects/s/versions", {"schema": '"int"'}).error == (422, 42205)
    embedded.put("/mode/s", {"mode": "READWRITE"})
    embedded.register("s", '"int"')
    assert embedded.post("/subjects/t/versions", {"schema": '"int"'}).error == (422, 42205)
    assert embedded.delete("/subjects/t").error == (422, 42205)
    embedded.put("/mode", {"mode": "READONLY_OVERRIDE"})
    assert embedded.post("/subjects/s/versions", {"schema": '"long"'}).error == (422, 42205)
    assert embedded.register("s", '"int"') == 1  # what is there already is answered in every mode
    for method, path in (("PUT", "/config"), ("PUT", "/config/s"), ("DELETE", "/config"), ("DELETE", "/config/s")):
        assert embedded.ask(method, path, {"compatibility": "NONE"}).error == (422, 42205)
    assert embedded.delete("/mode").json == {"mode": "READONLY_OVERRIDE"}
    assert embedded.get("/mode").json == {"mode": "READWRITE"}


def test_importing(embedded: Served) -> None:
    given = {"schema": '"int"', "id": 7, "version": 3}
    assert embedded.post("/subjects/s/versions", given).error == (422, 42205)
    embedded.put("/mode", {"mode": "IMPORT"})
    assert embedded.post("/subjects/s/versions", {"schema": '"int"'}).error == (422, 42205)
    assert embedded.post("/subjects/s/versions", given).json["id"] == 7
    assert embedded.post("/subjects/s/versions", {"schema": '"long"', "id": 7}).error == (422, 42205)
    assert embedded.post("/subjects/s/versions", {"schema": '"long"', "id": 9, "version": 3}).error == (422, 42205)
    assert embedded.post("/subjects/s/versions", {"schema": '"long"', "id": 9}).json["id"] == 9
    assert embedded.get("/subjects/s/versions").json == [3, 4]
    assert embedded.post("/subjects/s/versions", {"schema": '"long"'}).json["id"] == 9
    embedded.put("/mode", {"mode": "READWRITE"})
    assert embedded.register("t", '"string"') == 10
    assert embedded.put("/mode", {"mode": "IMPORT"}).error == (422, 42205)
    assert embedded.put("/mode?force=true", {"mode": "IMPORT"}).json == {"mode": "IMPORT"}


def test_an_invalid_schema_is_judged_when_asked_for_reasons(embedded: Served) -> None:
    invalid = {"schema": '{"type": "nope"}'}
    path = "/compatibility/subjects/s/versions/latest"
    assert embedded.post(path, invalid).error == (422, 42201)
    verbose = embedded.post(f"{path}?verbose=true", invalid)
    assert verbose.status == 200
    assert verbose.json["is_compatible"] is False
    assert "nope" in verbose.json["messages"][0]


def test_a_mistake_of_ours_leaves_nobody_waiting(embedded: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> list[str]:
        raise ZeroDivisionError("oops")

    embedded.register("s", '"int"')
    monkeypatch.setattr(store, "reasons", broken)
    answer = embedded.post("/subjects/s/versions", {"schema": '"string"'})
    assert answer.error == (500, 500)
    assert "ZeroDivisionError: oops" in answer.json["message"]
    assert embedded.get("/subjects/s/versions").json == [1]


# Confluent's own client


def test_confluents_client(embedded: Served) -> None:
    with SchemaRegistryClient({"url": embedded.url}) as client:
        money = Schema(record("a.Money", ("amount", "long")))
        first = client.register_schema("money", money)
        order = Schema(
            record("a.Order", ("total", "Money")),
            references=[SchemaReference(name="a.Money", subject="money", version=1)],
        )
        second = client.register_schema("order/value", order)
        found = client.lookup_schema("order/value", order)
        assert (found.schema_id, found.version) == (second, 1)
        client.clear_caches()
        assert client.get_schema(second).references == order.references
        assert client.get_latest_version("money").schema_id == first
        assert client.get_version("money", 1).guid == client.get_latest_version("money").guid
        assert client.get_subjects() == ["money", "order/value"]
        assert client.get_versions("money") == [1]
        assert client.get_referenced_by("money", 1) == [second]
        assert client.get_subjects_by_schema_id(first) == ["money"]
        assert [(one.subject, one.version) for one in client.get_schema_versions(first)] == [("money", 1)]
        assert client.get_schema_types() == ["AVRO"]
        assert client.get_compatibility() == "BACKWARD"
        client.set_compatibility("money", "NONE")
        assert client.get_compatibility("money") == "NONE"
        assert client.test_compatibility("money", Schema('"int"'))
        assert client.get_config("money").compatibility_level == "NONE"
        client.delete_config("money")
        assert client.get_global_mode() == "READWRITE"
        client.update_mode("money", "READONLY")
        assert client.get_mode("money") == "READONLY"
        client.delete_mode("money")
        assert client.get_contexts() == ["."]
        with pytest.raises(
            SchemaRegistryError, match="version 1 of the subject money stays: other schemas refer to it"
        ):
            client.delete_version("money", 1)
        assert client.delete_subject("order/value") == [1]
        assert client.delete_subject("order/value", permanent=True) == [1]


def test_confluents_serializers(embedded: Served) -> None:
    with SchemaRegistryClient({"url": embedded.url}) as client:
        client.register_schema("money", Schema(record("a.Money", ("amount", "long"))))
        order = Schema(
            record("a.Order", ("total", "a.Money")),
            references=[SchemaReference(name="a.Money", subject="money", version=1)],
        )
        context = SerializationContext("orders", MessageField.VALUE)
        make_serializer: Any = AvroSerializer  # its class hides from type checkers how it is made
        make_deserializer: Any = AvroDeserializer
        message = make_serializer(client, order)({"total": {"amount": 7}}, context)
        assert message is not None
        assert message[:5] == bytes([0, 0, 0, 0, 2])
        assert make_deserializer(client)(message, context) == {"total": {"amount": 7}}
