"""For each rule contracts that have what it finds, and the nearest ones that have not."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .linting import TEXT, TIME, UUID, entity, enum, event, field, operation, protocol, record


class Case(NamedTuple):
    """What a rule finds.

    Attributes:
        rule: The rule.
        about: What its finding is about; an empty string where it finds nothing.
        said: The contracts.
        severity: The severity of the finding, where it is another than the rule's.
        options: What is set for lint.
    """

    rule: str
    about: str
    said: tuple[Any, ...]
    severity: str = ""
    options: dict[str, Any] = {}


def _of_field(rule: str, name: str, kind: Any, found: bool, severity: str = "", **more: Any) -> Case:
    return Case(rule, f"shop.Thing.{name}" if found else "", (entity(field(name, kind, **more)),), severity)


LONG_NAMES: Final = [field(f"f_{number}") for number in range(50)]
DOUBLE_KEY: Final = {"schema": record("DepthKey", field("depth", "double"))}
SENSOR_KEY: Final = {"schema": record("SensorKey", field("sensor_id"))}
DECIMAL: Final = {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}

FIELDS: Final = (
    *(
        _of_field("time-as-number", name, kind, found=True)
        for name, kind in (
            ("created_at", "long"),
            ("createdAt", TEXT),
            ("event_time", ["null", "long"]),
            ("timestamp", "double"),
            ("birth_date", TEXT),
            ("birthday", "int"),
            ("created_ms", "long"),
            ("time_seconds", "double"),
            ("started_epoch", "long"),
            ("changed_at", {"type": "array", "items": "long"}),
        )
    ),
    *(
        _of_field("time-as-number", name, kind, found=False)
        for name, kind in (
            ("created_at", TIME),
            ("created_at", ["null", TIME]),
            ("response_time", "int"),
            ("duration_ms", "long"),
            ("timeout_ms", "int"),
            ("ms", "int"),
            ("format", TEXT),
            ("what", TEXT),
            ("updates", "long"),
            ("due_date", {"type": "int", "logicalType": "date"}),
            ("happened_at", {"type": "long", "logicalType": "acme-instant"}),
            ("location_at", record("Spot", field("name"))),
        )
    ),
    _of_field("uuid-as-text", "device_uuid", TEXT, found=True),
    _of_field("uuid-as-text", "device_id", TEXT, found=True, doc="A UUID of version 4."),
    _of_field("uuid-as-text", "device_uuid", UUID, found=False),
    _of_field("uuid-as-text", "device_id", TEXT, found=False),
    _of_field("uuid-as-text", "note", TEXT, found=False, doc="No UUID."),
    _of_field("money-as-float", "amount", "double", found=True),
    _of_field("money-as-float", "unitPrice", ["null", "float"], found=True),
    _of_field("money-as-float", "amount", DECIMAL, found=False),
    _of_field("money-as-float", "tax_rate", "double", found=False),
    _of_field("money-as-float", "weight", "double", found=False),
    _of_field("opaque-payload", "payload", TEXT, found=True),
    _of_field("opaque-payload", "raw_json", ["null", TEXT], found=True),
    _of_field("opaque-payload", "data", "bytes", found=True),
    _of_field("opaque-payload", "data", DECIMAL, found=False),
    _of_field("opaque-payload", "data", {"type": "map", "values": TEXT}, found=False),
    _of_field("opaque-payload", "data_id", TEXT, found=False),
    _of_field("unknown-logical-type", "t", {"type": "long", "logicalType": "timestamp-milis"}, found=True, severity="warning"),
    _of_field("unknown-logical-type", "t", {"type": "array", "items": {"type": TEXT, "logicalType": "acme-country"}}, found=True),
    _of_field("unknown-logical-type", "t", ["null", {"type": "map", "values": {"type": "int", "logicalType": "x"}}], found=True),
    _of_field("unknown-logical-type", "t", TIME, found=False),
    _of_field("nullable-without-default", "note", ["null", TEXT], found=True),
    _of_field("nullable-without-default", "note", [TEXT, "null"], found=True),
    _of_field("nullable-without-default", "note", ["null", TEXT], found=False, default=None),
    _of_field("nullable-without-default", "note", [TEXT, "null"], found=False, default=""),
    _of_field("nullable-without-default", "note", TEXT, found=False),
    _of_field("union-of-many", "value", ["null", "int", TEXT], found=True),
    _of_field("union-of-many", "value", ["int", TEXT], found=True),
    _of_field("union-of-many", "value", {"type": "array", "items": ["null", "int", TEXT]}, found=True),
    _of_field("union-of-many", "value", ["null", record("A", field("a")), enum()], found=True),
    _of_field("union-of-many", "value", ["null", record("A", field("a")), record("B", field("b"))], found=False),
    _of_field("union-of-many", "value", ["null", TEXT], found=False),
    _of_field("union-of-many", "value", [TEXT], found=False),
    _of_field("alias-of-own-name", "note", TEXT, found=True, aliases=["text", "note"]),
    _of_field("alias-of-own-name", "note", TEXT, found=False, aliases=["text"]),
    _of_field("field-without-doc", "note", TEXT, found=True, doc=" "),
    _of_field("field-without-doc", "note", TEXT, found=False),
    _of_field("database-column", "row_version", "long", found=True),
    _of_field("database-column", "updatedBy", TEXT, found=True),
    _of_field("database-column", "version", "long", found=False),
    _of_field("soft-delete", "deleted", "boolean", found=True),
    _of_field("soft-delete", "is_deleted", "boolean", found=True),
    _of_field("soft-delete", "deletedAt", ["null", TIME], found=True, default=None),
    _of_field("soft-delete", "status", enum("Status", "LIVE", "DELETED"), found=True),
    _of_field("soft-delete", "status", enum("Status", "LIVE", "CANCELLED"), found=False),
    _of_field("soft-delete", "status", TEXT, found=False),
    _of_field("soft-delete", "removed_items", "int", found=False),
)  # fmt: skip

CASES: Final = (
    *FIELDS,
    Case("soft-delete", "", (event("ThingDeleted", field("deleted_at", TIME)),)),
    Case("field-without-doc", "shop.work.Work.mend.note", (protocol(mend=operation({"name": "note", "type": TEXT})),)),
    Case("type-without-doc", "shop.Thing", (entity(doc=""),)),
    Case("type-without-doc", "shop.Color", (entity(field("color", enum(doc=" "))),)),
    Case("type-without-doc", "", (entity(field("color", enum())), protocol())),
    Case("operation-without-doc", "shop.work.Work.mend", (protocol(mend=operation(doc=...)),)),
    Case("operation-without-doc", "", (protocol(),)),
    Case("protocol-without-doc", "shop.work.Work", (protocol() | {"doc": " "},)),
    Case("protocol-without-doc", "", (protocol(),)),
    Case("type-name-style", "shop.some_thing", (record("some_thing", field("a")),)),
    Case("type-name-style", "shop.color", (entity(field("color", enum("color"))),)),
    Case("type-name-style", "", (record("ABTest2", field("a")),)),
    Case("field-name-style", "shop.A.createdFor", (record("A", field("thing_id"), field("other_id"), field("createdFor")),)),
    Case("field-name-style", "shop.A.b_c", (record("A", field("thingId"), field("otherId"), field("b_c")),)),
    Case("field-name-style", "shop.A.Name", (record("A", field("Name")),)),
    Case("field-name-style", "", (record("A", field("thingId"), field("note")), record("B", field("thing_id")))),
    Case("field-name-style", "shop.A.thingId", (record("A", field("thingId")),), "", {"field_names": "snake_case"}),
    Case("field-name-style", "shop.A.thing_id", (record("A", field("thing_id")),), "", {"field_names": "camelCase"}),
    Case("field-name-style", "", (record("A", field("thingId")),), "", {"field_names": "camelCase"}),
    Case("field-name-style", "shop.work.Work.mend.howFar", (protocol(mend=operation(field("how_often"), field("howFar"))),)),
    Case("symbol-name-style", "shop.Color", (entity(field("color", enum("Color", "RED", "blue"))),)),
    Case("symbol-name-style", "", (entity(field("color", enum("Color", "RED_2", "X"))),)),
    Case("operation-name-style", "shop.work.Work.Mend", (protocol(Mend=operation()),)),
    Case("operation-name-style", "", (protocol(mendAll=operation(), mend_one=operation()),)),
    Case("namespace-missing", "Thing", (record("Thing", field("a"), namespace=""),)),
    Case("namespace-missing", "", (record("Thing", field("a")),)),
    Case("namespace-style", "Shop.things", (record("Thing", field("a"), namespace="Shop.things"),)),
    Case("namespace-style", "", (record("Thing", field("a"), namespace="shop.things_2"),)),
    Case("namespace-shared", "shop", (entity(), event(topic={"owner": "other-service"}))),
    Case("namespace-shared", "", (entity(), event())),
    Case("namespace-shared", "", (entity(), event(topic={"owner": "other-service"}, namespace="other"))),
    Case("enum-without-default", "shop.Color", (entity(field("color", enum(default=...))),)),
    Case("enum-without-default", "", (entity(field("color", enum())),)),
    Case("topic-without-key", "shop.thing-events key", (event(topic={"key": None}),)),
    Case("topic-without-key", "shop.work key", (protocol({"key": None}),)),
    Case("topic-without-key", "", (event(), protocol())),
    Case("key-can-change", "shop.things key", (entity(field("email"), key="email"),)),
    Case("key-can-change", "shop.things key", (entity(field("firstName"), key=["thing_id", "firstName"]),)),
    Case("key-can-change", "shop.things key", (entity(field("made", TIME), key="made"),)),
    Case("key-can-change", "shop.things key", (entity(field("is_on", "boolean"), key="is_on"),)),
    Case("key-can-change", "shop.things key", (entity(field("color", enum()), key="color"),)),
    Case("key-can-change", "", (entity(field("part", "int"), key=["thing_id", "part"]),)),
    Case("key-is-no-id", "shop.things key", (entity(field("category"), key="category"),)),
    Case("key-is-no-id", "", (entity(),)),
    Case("key-is-no-id", "", (entity(field("sku"), key="sku"),)),
    Case("key-is-no-id", "", (entity(field("email"), key="email"),)),
    Case("key-is-no-id", "", (entity(key=SENSOR_KEY),)),
    Case("key-is-no-id", "", (event("ThingMade", field("category"), topic={"key": "category"}),)),
    Case("key-of-bytes", "shop.things key", (entity(field("raw_id", "bytes"), key="raw_id"),)),
    Case("key-of-bytes", "shop.things key", (entity(key=DOUBLE_KEY),)),
    Case("key-of-bytes", "", (entity(key=SENSOR_KEY),)),
    Case("key-of-bytes", "", (entity(),)),
    Case(
        "keys-cannot-be-joined",
        "shop.others key",
        (entity(topic={"name": "shop.others"}), event(topic={"name": "shop.a"}, fields=[
            field("event_id", UUID), field("occurred_at", TIME), field("thing_id", "long")])),
    ),
    Case("keys-cannot-be-joined", "shop.things key", (entity(topic={"partitions": 3}), event(topic={"partitions": 6})), "info"),
    Case("keys-cannot-be-joined", "", (entity(topic={"partitions": 3}), event(topic={"partitions": 3}), protocol())),
    Case("keys-cannot-be-joined", "", (entity(topic={"partitions": 3}), event())),
    Case("topic-name-style", "shop.Things", (entity(topic={"name": "shop.Things"}),)),
    Case("topic-name-style", "shop.some_things", (entity(topic={"name": "shop.some_things"}),)),
    Case("topic-name-style", "", (entity(topic={"name": "shop.some-things"}), event(topic={"name": "shop_events"}))),
    Case("topic-names-collide", "shop_things", (entity(topic={"name": ["shop.things", "shop_things"]}),)),
    Case("topic-names-collide", "", (entity(topic={"name": ["shop.things", "shop-things"]}),)),
    Case("owner-written-twice", "shop.thing-events", (entity(topic={"name": ["a", "b"]}), event(topic={"owner": "Thing_Service"}))),
    Case("owner-written-twice", "", (entity(), protocol())),
    Case("cleanup-against-kind", "shop.things", (entity(topic={"config": {"cleanup.policy": "delete"}}),)),
    Case("cleanup-against-kind", "shop.thing-events", (event(topic={"config": {"cleanup.policy": "compact"}}),)),
    Case("cleanup-against-kind", "shop.work", (protocol({"config": {"cleanup.policy": "compact,delete"}}),)),
    Case("cleanup-against-kind", "shop.things", (entity(topic={"config": {"cleanup.policy": "compact,delete"}}),), "warning"),
    Case("cleanup-against-kind", "", (entity(topic={"config": {"cleanup.policy": "compact"}}),)),
    Case("cleanup-against-kind", "", (event(topic={"config": {"retention.ms": "1000"}}),)),
    Case("level-too-weak", "shop.things", (entity(topic={"compatibility": "NONE"}),)),
    Case("level-too-weak", "shop.thing-events", (event(topic={"compatibility": "BACKWARD_TRANSITIVE"}),), "info"),
    Case("level-too-weak", "shop.work", (protocol({"compatibility": {"response": "NONE"}}),)),
    Case("level-too-weak", "", (entity(topic={"compatibility": "FULL_TRANSITIVE"}), protocol())),
    Case("level-too-weak", "", (protocol({"compatibility": {"request": "BACKWARD", "response": "FULL"}}),)),
    Case("entity-of-many-fields", "shop.Thing", (entity(*LONG_NAMES),)),
    Case("entity-of-many-fields", "", (entity(*LONG_NAMES),), "", {"most_fields": 51}),
    Case("entity-of-many-fields", "", (event("ThingMade", *LONG_NAMES),)),
    Case("event-without-id", "shop.ThingMade", (event(topic={"id": ...}),)),
    Case("event-without-id", "", (event(),)),
    Case("event-without-id", "", (entity(),)),
    Case("event-without-time", "shop.ThingMade", (event(topic={"time": ...}),)),
    Case("event-without-time", "", (event(),)),
    *(Case("event-not-in-past", f"shop.{name}", (event(name),)) for name in ("MakeThing", "Temperature", "NewsFeed")),
    *(
        Case("event-not-in-past", "", (event(name),))
        for name in ("ThingMade", "OrderPlaced", "OrderPlacedV2", "PaidOutEvent", "ParcelSent", "ThingBroken")
    ),
    Case("related-events-apart", "shop.thing-events, shop.thing-sales", (event(), event("ThingSold", topic={"name": "shop.thing-sales"}))),
    Case("related-events-apart", "", (event(), event("ThingSold"))),
    Case("related-events-apart", "", (event(topic={"name": ["shop.a", "shop.b"]}),)),
    Case("operation-without-errors", "shop.work.Work.mend", (protocol(mend=operation(errors=...)),)),
    Case("operation-without-errors", "", (protocol(mend=operation(errors=..., **{"one-way": True})),)),
    Case("schema-waiver-unused", "0.avsc Thing soft-delete", (entity(waive={"soft-delete": "why"}),)),
    Case("schema-waiver-unused", "", (entity(field("deleted", "boolean", waive={"soft-delete": "why"})),)),
    Case("schema-waiver-wrong", "0.avsc Thing soft-delte", (entity(waive={"soft-delte": "why"}),)),
    Case("schema-waiver-wrong", "0.avsc Thing soft-delete", (entity(waive={"soft-delete": " "}),)),
    Case("schema-waiver-wrong", "0.avsc Thing", (entity(waive=["soft-delete"]),)),
    Case("schema-waiver-wrong", "", (entity(),)),
)  # fmt: skip
