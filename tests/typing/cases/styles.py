"""The other styles of records: the same mistakes are errors."""

from typing import assert_type

import kontrakt
from in_msgspec.shop import customers as in_msgspec
from in_pydantic.shop import customers as in_pydantic
from in_typeddict.shop import customers as in_typeddict
from kontrakt import Bus, Delete, Put

in_msgspec.Customer(customer_id="c-1", email="e")
in_msgspec.Customer(customer_id=1, email="e")  # E: arg-type / reportArgumentType
in_msgspec.Customer(customer_id="c-1")  # E: call-arg / reportCallIssue
in_msgspec.Customer("c-1", "e")  # E: call-arg / reportCallIssue

in_pydantic.Customer(customer_id="c-1", email="e")
in_pydantic.Customer(customer_id=1, email="e")  # E: arg-type / reportArgumentType
in_pydantic.Customer(customer_id="c-1")  # E: call-arg / reportCallIssue
in_pydantic.Customer("c-1", "e")  # E: call-arg / reportCallIssue

complete: in_typeddict.Customer = {
    "customer_id": "c-1",
    "email": "e",
    "name": None,
    "address": None,
    "tier": in_typeddict.Tier.GOLD,
    "interests": [],
    "birthday": None,
    "registered_at": None,
}
lacking: in_typeddict.Customer = {"customer_id": "c-1"}  # E: typeddict-item / reportAssignmentType
complete["email"] = 1  # E: typeddict-item / reportGeneralTypeIssues
complete["mail"] = "e"  # E: typeddict-unknown-key / reportGeneralTypeIssues


def work(bus: Bus, one: in_msgspec.Customer, other: in_pydantic.Customer) -> None:
    in_msgspec.Customers.producer(bus).put(one)
    in_msgspec.Customers.producer(bus).put(other)  # E: arg-type / reportArgumentType
    in_pydantic.Customers.producer(bus).put(other)
    in_typeddict.Customers.producer(bus).put(complete)
    in_typeddict.Customers.producer(bus).put({"customer_id": "c-1"})  # E: typeddict-item / reportArgumentType
    for change in in_typeddict.Customers.consumer(bus, group="g"):
        assert_type(change, Put[str, in_typeddict.Customer] | Delete[str])
    assert_type(kontrakt.decode(in_msgspec.Customer, b""), in_msgspec.Customer)
    assert_type(kontrakt.decode(in_pydantic.Customer, b""), in_pydantic.Customer)
    assert_type(kontrakt.decode(in_typeddict.Customer, b""), in_typeddict.Customer)
