from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kontrakt import Entity, Key


class Tier(StrEnum):
    NONE = "NONE"
    GOLD = "GOLD"


@dataclass(slots=True, kw_only=True)
class Customer:
    customer_id: str
    mail: str | None = None
    visits: int = 0
    tier: Tier = Tier.NONE


class Customers(Entity[str, Customer]):
    topic = "acme.customers"
    value = Customer
    key = Key("customer_id")
