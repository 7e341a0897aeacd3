"""Headers that a contract declares, events whose id and time are filled in, and what a service sees of its requester."""

import datetime as dt
from typing import assert_type
from uuid import UUID, uuid4

import in_msgspec.shop.order_events as msgspec
import in_pydantic.shop.order_events as pydantic
import in_typeddict.shop.order_events as typeddict
from keyed.edge.stamped_events import Stamped, StampedEvents
from kontrakt import Bus, EventStamp, Meta, RequestMeta
from shop.order_events import OrderCancelled
from shop.payments import Authorization, AuthorizeRequest, Payments, Refund, RefundRequest, SettledRequest
from shop.types import Money


def send(bus: Bus) -> None:
    with StampedEvents.producer(bus) as events:
        events.send(Stamped(), headers=StampedEvents.Headers(tenant=uuid4()))
        events.send(Stamped(), headers=[*StampedEvents.Headers(tenant=uuid4(), x_hop=1), ("more", b"")])
        events.send(Stamped(), headers=StampedEvents.Headers())  # E: call-arg / reportCallIssue
        events.send(Stamped(), headers=StampedEvents.Headers(tenant="t"))  # E: arg-type / reportArgumentType
        events.send(Stamped(), headers=StampedEvents.Headers(tenant=uuid4(), hop=1))  # E: call-arg / reportCallIssue


def read(meta: Meta) -> None:
    headers = StampedEvents.Headers.of(meta)
    assert_type(headers, StampedEvents.Headers)
    assert_type(headers.tenant, UUID)
    assert_type(headers.x_hop, int | None)
    assert_type(headers.raw, bytes | None)
    assert_type(meta.headers[0], tuple[str, bytes | None])
    assert_type(meta.event_id, UUID | str | None)


def stamped() -> None:
    assert_type(OrderCancelled(order_id="o-1").event_id, UUID)
    assert_type(OrderCancelled(order_id="o-1").occurred_at, dt.datetime)
    msgspec.OrderCancelled(order_id="o-1", event_id=uuid4())
    msgspec.OrderCancelled(order_id="o-1", event_id="e")  # E: arg-type / reportArgumentType
    pydantic.OrderCancelled(order_id="o-1", occurred_at=dt.datetime.now(dt.UTC))
    typeddict.OrderCancelled(  # a dictionary has no defaults
        {
            "-type": "shop.order.OrderCancelled",
            "event_id": EventStamp.uuid(),
            "occurred_at": EventStamp.millis(),
            "order_id": "o-1",
            "reason": typeddict.CancelReason.OTHER,
            "note": "",
        }
    )


class Bank(Payments.Service):
    def authorize(self, request: AuthorizeRequest, meta: RequestMeta) -> Authorization:
        assert_type(meta.deadline, dt.datetime | None)
        assert_type(meta.time_left, dt.timedelta | None)
        assert_type(meta.idempotency_key, str | None)
        raise NotImplementedError

    def refund(self, request: RefundRequest, meta: Meta) -> Refund:  # what takes any Meta takes that of a request
        raise NotImplementedError

    def settled(self, request: SettledRequest, meta: RequestMeta) -> None: ...


def ask(bus: Bus, amount: Money) -> None:
    payments = Payments.client(bus)
    payments.authorize(order_id="o-1", amount=amount, idempotency_key="k")
    payments.authorize(order_id="o-1", amount=amount, idempotency_key=1)  # E: arg-type / reportArgumentType
    payments.authorize(order_id="o-1", amount=amount, headers={})  # E: call-arg / reportCallIssue
    Payments.serve(bus, Bank(), group="g", deduplicate=True)  # E: call-overload / reportArgumentType reportCallIssue
