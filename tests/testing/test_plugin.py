"""The fixtures as the tests of a service use them."""

from __future__ import annotations

import pytest

from tests.docs.page import ROOT

SERVICE = """
    import sys

    import pytest
    from kontrakt import testing
    from shop.customers import Customer, Customers

    ADA = Customer(customer_id="c-1", email="ada@example.org")
"""


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'contracts'}:{ROOT / 'generated'}")
    pytester.makeini("[pytest]\nfilterwarnings = error")


def test_the_fixtures_serve_who_has_no_generator(pytester: pytest.Pytester) -> None:
    hidden = ("kontrakt_codegen", "click", "jinja2", "datamodel_code_generator")
    pytester.makeconftest(f"import sys\nsys.modules.update(dict.fromkeys({hidden}))")
    pytester.makepyfile(
        SERVICE
        + """
    from kontrakt import SchemaRejected
    from kontrakt.codec import Document

    @pytest.mark.parametrize("time", [1, 2])
    def test_each_test_has_a_clean_bus(kontrakt_bus, kontrakt_sent, time):
        assert kontrakt_sent.all(Customers) == []
        with Customers.producer(kontrakt_bus) as customers:
            customers.put(ADA)
        with Customers.consumer(kontrakt_bus, group="billing") as changes:
            assert [change.key for change in changes.until_end()] == ["c-1"]
        kontrakt_sent.expect(Customers, ADA)

    def test_a_schema_that_breaks_the_one_before_it_is_refused(kontrakt_bus):
        kontrakt_bus.register(Customers)
        other = '{"type": "record", "name": "Customer", "namespace": "shop.customer", "fields": [{"name": "x", "type": "int"}]}'
        document = Document(name="shop.customer.Customer", text=other, subject="shop.customers-value")
        with pytest.raises(SchemaRejected):
            kontrakt_bus.registry.schema_id("shop.customers-value", document, {document.name: document})

    def test_feeding():
        changes = []
        testing.feed(Customers, changes.append, ADA)
        assert changes[0].value == ADA
    """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=4)


def test_a_failure_shows_the_nearest_message_and_nothing_of_ours(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        SERVICE
        + """
    def test_it(kontrakt_bus, kontrakt_sent):
        Customers.producer(kontrakt_bus).put(ADA)
        kontrakt_sent.one(Customers, customer_id="c-1", email="bo@example.org")
    """
    )
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*kontrakt_sent.one(Customers, *",
            "E*no message with customer_id='c-1', email='bo@example.org', among 1 message on shop.customers",
            "E*the nearest is put 'c-1' at shop.customers?3?@0:",
            "E*    customer_id  'c-1'",
            "E*  - email        'bo@example.org'",
            "E*  + email        'ada@example.org'",
        ]
    )
    result.stdout.no_fnmatch_line("*messages.py*")


def test_nothing_is_loaded_for_those_who_do_not_ask(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
    import sys

    def test_it():
        loaded = {name.split(".")[0] for name in sys.modules} & {"confluent_kafka", "kontrakt_codegen", "jinja2"}
        assert not loaded
        assert "kontrakt.testing.plugin" in sys.modules
        assert "kontrakt.kafka.bus" not in sys.modules
    """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
