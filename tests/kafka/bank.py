"""A service that does as tests tell it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kontrakt import RequestMeta

from tests.kafka.new.payments import Authorization, AuthorizeRequest, Payments, ReturnRequest, SettledRequest


@dataclass
class Bank(Payments.Service):
    """Authorizes what is asked, unless it is told to do something else."""

    instead: Callable[[AuthorizeRequest], Any] | None = None
    asked: list[str] = field(default_factory=list[str])
    places: list[str] = field(default_factory=list[str])
    begun: threading.Event = field(default_factory=threading.Event)
    settlement: threading.Event = field(default_factory=threading.Event)

    def authorize(self, request: AuthorizeRequest, meta: RequestMeta) -> Authorization:
        self.asked.append(request.order_id)
        self.begun.set()
        self.places.append(str(meta))
        if self.instead is not None:
            answer: Authorization = self.instead(request)
            return answer
        return Authorization(authorization_id=f"a-{request.order_id}-{request.amount}{request.currency}")

    def return_(self, request: ReturnRequest, meta: RequestMeta) -> None:
        self.asked.append(f"return {request.order_id}")

    def settled(self, request: SettledRequest, meta: RequestMeta) -> None:
        self.asked.append(f"settled {request.order_id}")
        self.settlement.set()
        if request.order_id == "broken":
            raise RuntimeError("the ledger is locked")


def raising(error: BaseException) -> Callable[[AuthorizeRequest], Any]:
    def fail(_: AuthorizeRequest) -> Any:
        raise error

    return fail


def returning(value: Any) -> Callable[[AuthorizeRequest], Any]:
    return lambda _: value
