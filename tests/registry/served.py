"""A registry that tests talk to, and how it differs from Confluent's."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar
from urllib.parse import quote
from uuid import uuid4

T = TypeVar("T")

Dialect: TypeAlias = Literal["confluent", "apicurio3", "apicurio2"]

_ATTEMPTS = 4
"""How often a foreign registry is asked that hangs up. Apicurio 3 does so for about one of two thousand requests for a path that
it does not know: it closes the connection without an answer, or on a connection that is kept, never answers."""


@dataclass(frozen=True)
class Answer:
    """What a registry answered.

    Attributes:
        status: The HTTP status.
        json: The JSON, or the text where it is none.
    """

    status: int
    json: Any

    @property
    def code(self) -> int | None:
        """The error code, if it is an error that has one."""
        try:
            code: object = self.json["error_code"]
        except (TypeError, KeyError):
            return None
        return code if isinstance(code, int) else None

    @property
    def error(self) -> tuple[int, int | None]:
        """Status and error code."""
        return self.status, self.code


@dataclass(frozen=True)
class Served:
    """A registry under test.

    Attributes:
        name: ``embedded``, ``apicurio3``, ``apicurio2`` or ``configured``.
        url: Its address.
        dialect: Whose behaviour it has.
    """

    name: str
    url: str
    dialect: Dialect
    headers: dict[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        return self.name

    @property
    def foreign(self) -> bool:
        """Whether we did not write it."""
        return self.name != "embedded"

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send a request; a body that is not bytes is sent as JSON.

        A foreign registry that hangs up without an answer is asked again, for what may be asked twice: all but DELETE says
        the same the second time. Where ours hangs up, the test fails.
        """
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        for _ in range(_ATTEMPTS - 1 if self.foreign and method != "DELETE" else 0):
            with contextlib.suppress(ConnectionResetError):  # among them http.client.RemoteDisconnected
                return self._ask_once(method, path, data)
        return self._ask_once(method, path, data)

    def _ask_once(self, method: str, path: str, data: bytes | None) -> Answer:
        request = urllib.request.Request(
            self.url + path,
            data=data,
            method=method,
            headers={"Content-Type": "application/vnd.schemaregistry.v1+json", **self.headers},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return Answer(response.status, _json(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read()))

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, body)

    def put(self, path: str, body: object) -> Answer:
        return self.ask("PUT", path, body)

    def delete(self, path: str) -> Answer:
        return self.ask("DELETE", path)

    def register(self, subject: str, schema: str, **more: object) -> int:
        """Register a schema and return its id."""
        answer = self.post(f"/subjects/{quote(subject, safe='')}/versions", {"schema": schema, **more})
        assert answer.status == 200, answer
        number = answer.json["id"]
        assert isinstance(number, int)
        return number

    def level(self, subject: str, level: str) -> None:
        """Set the level of a subject that exists."""
        answer = self.put(f"/config/{quote(subject, safe='')}", {"compatibility": level})
        assert answer.status == 200, answer

    def differs(self, confluent: T, *, apicurio3: T | None = None, apicurio2: T | None = None) -> T:
        """What is expected of this registry: what Confluent's does, unless said otherwise."""
        other = {"confluent": None, "apicurio3": apicurio3, "apicurio2": apicurio2}[self.dialect]
        return confluent if other is None else other


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()


def dialect_of(url: str) -> Dialect:
    """Whose behaviour a registry has that somebody else started."""
    served = Served("?", url, "confluent")
    if served.get("/contexts").json != [":.:"]:
        return "confluent"
    return "apicurio3" if served.get("/mode").status == 200 else "apicurio2"


def record(name: str, *fields: tuple[str, Any], **more: object) -> str:
    """The text of a record's schema; a default is written as a third part of a field."""
    namespace, _, simple = name.rpartition(".")
    return json.dumps(
        {
            "type": "record",
            "name": simple,
            "namespace": namespace,
            "fields": [{"name": field, "type": kind} for field, kind in fields],
            **more,
        }
    )


def fresh() -> str:
    """A name that nobody used before; other tests share the registry."""
    return f"t{uuid4().hex[:10]}"
