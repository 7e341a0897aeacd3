from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Tier(StrEnum):
    NONE = "NONE"
    GOLD = "GOLD"
    PLATINUM = "PLATINUM"


@dataclass(slots=True, kw_only=True)
class Customer:
    customer_id: str
    email: str | None = None
    visits: int = 0
    tier: Tier = Tier.NONE
    tags: list[str] = field(default_factory=list[str])


@dataclass(slots=True, kw_only=True)
class Placed:
    order_id: str
    total: int


@dataclass(slots=True, kw_only=True)
class Paid:
    order_id: str


@dataclass(slots=True, kw_only=True)
class Line:
    order_id: str
    line: int
    quantity: int


@dataclass(slots=True, kw_only=True)
class LineKey:
    order_id: str
    line: int


@dataclass(slots=True, kw_only=True)
class Counter:
    number: int
    count: int


@dataclass(slots=True, kw_only=True)
class Reading:
    celsius: float


@dataclass(slots=True, kw_only=True)
class SensorKey:
    building: str
    sensor: int
