"""Names of topics' classes."""

from __future__ import annotations

import pytest
from kontrakt_codegen import naming

TOPICS = [
    ("shop.customers", "Customers"),
    ("shop.order-events", "OrderEvents"),
    ("orders", "Orders"),
    ("shop.orders.v2", "OrdersV2"),
    ("acme-orders.v1", "AcmeOrdersV1"),
    ("shop.orders.2", "Orders2"),
    ("v1", "V1"),
    ("shop.v8-engines", "V8Engines"),
    ("shop.decimal", "DecimalTopic"),
]


@pytest.mark.parametrize(("topic", "name"), TOPICS)
def test_the_class_of_a_topic(topic: str, name: str) -> None:
    assert naming.topic_class(topic) == name
