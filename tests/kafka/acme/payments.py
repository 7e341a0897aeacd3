from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kontrakt import DeclaredError, Key, Meta, Operation, RequestClient, Requests, RequestService

if TYPE_CHECKING:
    from kontrakt import Bus


@dataclass(slots=True, kw_only=True)
class Authorization:
    authorization_id: str


@dataclass(slots=True, kw_only=True, eq=False)
class CardDeclined(DeclaredError):
    reason: str


@dataclass(slots=True, kw_only=True)
class AuthorizeRequest:
    order_id: str
    amount: int


@dataclass(slots=True, kw_only=True)
class AuthorizeResponse:
    response: Authorization | None = None
    error: CardDeclined | str | None = None


@dataclass(slots=True, kw_only=True)
class VoidRequest:
    order_id: str


@dataclass(slots=True, kw_only=True)
class VoidResponse:
    error: str | None = None


@dataclass(slots=True, kw_only=True)
class SettledRequest:
    order_id: str


class Payments(Requests):
    topic = "acme.payments"
    key = Key("order_id")
    timeout = dt.timedelta(seconds=60)
    operations = (
        Operation("authorize", AuthorizeRequest, AuthorizeResponse),
        Operation("void", VoidRequest, VoidResponse, method="void_"),
        Operation("settled", SettledRequest),
    )

    class Client(RequestClient):
        def authorize(self, *, order_id: str, amount: int, timeout: dt.timedelta | None = None) -> Authorization:
            answer: Authorization = self._call("authorize", AuthorizeRequest(order_id=order_id, amount=amount), timeout)
            return answer

        def void_(self, *, order_id: str, timeout: dt.timedelta | None = None) -> None:
            self._call("void", VoidRequest(order_id=order_id), timeout)

        def settled(self, *, order_id: str) -> None:
            self._notify("settled", SettledRequest(order_id=order_id))

    class Service(RequestService):
        @abstractmethod
        def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization: ...

        @abstractmethod
        def void_(self, request: VoidRequest, meta: Meta) -> None: ...

        @abstractmethod
        def settled(self, request: SettledRequest, meta: Meta) -> None: ...

    @classmethod
    def client(cls, bus: Bus) -> Client:
        return cls.Client(bus, cls)
