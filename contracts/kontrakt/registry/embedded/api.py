"""The calls of the REST API: from a path and a body to what the store does and what is answered.

Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar, cast
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from kontrakt.registry.contexts import DEFAULT, taken_apart
from kontrakt.registry.documents import Reference

from . import errors
from .errors import ApiError
from .prefixed import without_prefix
from .schemas import Draft, Version
from .store import LATEST, Store

_LARGEST: Final = 2**31 - 1
_ALL_CONTEXTS: Final = ":*:"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """A request, taken apart.

    Attributes:
        names: What the path says where the route has ``{}``, decoded.
        query: The query's parameters, each with its last value.
        body: The body.
    """

    names: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes

    @property
    def subject(self) -> str:
        """The subject in the path, or a whole context. ``:.:`` stands for the default context, which needs no name."""
        return self.names[0].removeprefix(":.:")

    @property
    def among(self) -> str:
        """The subject whose context an id is looked up in, or an empty string."""
        return self.query.get("subject", "").removeprefix(":.:")

    @property
    def version(self) -> int:
        """The version in the path.

        Raises:
            ApiError: It is no version.
        """
        text = self.names[1]
        if text in ("latest", "-1"):
            return LATEST
        if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:11]) <= _LARGEST:
            raise errors.invalid_version(text)
        return int(text)

    def flag(self, name: str) -> bool:
        """Whether a parameter says true."""
        return self.query.get(name, "").lower() == "true"

    def paged(self, values: Sequence[T]) -> list[T]:
        """The part of a list that ``offset`` and ``limit`` ask for; a limit below 1 asks for everything."""
        offset = max(self._number("offset", 0), 0)
        limit = self._number("limit", -1)
        return list(values[offset : offset + limit] if limit > 0 else values[offset:])

    def _number(self, name: str, default: int) -> int:
        try:
            return int(self.query.get(name, default))
        except ValueError:
            raise errors.bad_request(f"{name} is not a number") from None

    def json(self) -> dict[str, Any]:
        """The body's JSON object.

        Raises:
            ApiError: It is none.
        """
        try:
            value: object = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise errors.bad_request(f"the request's body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise errors.bad_request("the request's body is not a JSON object")
        return cast("dict[str, Any]", value)

    def draft(self) -> Draft:
        """The schema in the body.

        Raises:
            ApiError: There is none.
        """
        given = self.json()
        text = given.get("schema")
        if text is None:
            text = ""
        if not isinstance(text, str):
            raise errors.bad_request("`schema` is not a string; it holds the schema's JSON as text")
        kind = given.get("schemaType") or "AVRO"
        if not isinstance(kind, str):
            raise errors.bad_request("`schemaType` is not a string")
        return Draft(
            text=text,
            type=kind.upper(),
            references=_references(given.get("references")),
            metadata=given.get("metadata"),
            rules=given.get("ruleSet"),
            id=_positive(given.get("id"), "id"),
            version=_positive(given.get("version"), "version"),
            normalize=self.flag("normalize"),
        )


Answer: TypeAlias = Any
"""What ``json.dumps`` takes, or :class:`Raw`."""
Function: TypeAlias = Callable[[Store, Call], Answer]


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer that is JSON text already."""

    text: str


def answer(store: Store, method: str, target: str, body: bytes) -> tuple[int, str]:
    """Do what a request asks.

    Args:
        store: The registry's memory.
        method: The HTTP method.
        target: Path and query, as the request line has them.
        body: The body.

    Returns:
        The HTTP status and the JSON to answer.
    """
    try:
        # The path is taken apart before it is decoded: a subject may contain a slash.
        path = [segment for segment in target.partition("?")[0].partition("#")[0].split("/") if segment]
        given = {name: values[-1] for name, values in parse_qs(urlsplit(target).query).items()}
        segments, query = without_prefix(path, given)
        function, names = _route(method, segments)
        result = function(store, Call(names, query, body))
    except ApiError as error:
        return error.status, json.dumps({"error_code": error.code, "message": error.message})
    return 200, result.text if isinstance(result, Raw) else json.dumps(result)


def _route(method: str, segments: Sequence[str]) -> tuple[Function, tuple[str, ...]]:
    found = False
    for (verb, pattern), function in ROUTES.items():
        if len(pattern) != len(segments):
            continue
        if any(want not in ("{}", have) for want, have in zip(pattern, segments, strict=True)):
            continue
        found = True
        if verb == method:
            given = [have for want, have in zip(pattern, segments, strict=True) if want == "{}"]
            return function, tuple(unquote(name) for name in given)
    raise errors.wrong_method(method) if found else errors.no_such_path()


# What a request's body says


def _references(given: object) -> tuple[Reference, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise errors.bad_request("`references` is not a list")
    return tuple(map(_reference, cast("list[object]", given)))


def _reference(given: object) -> Reference:
    match given:
        case {"name": str(name), "subject": str(subject), "version": int(version)}:
            return Reference(name, subject.removeprefix(":.:"), version)
        case _:
            raise errors.bad_request("a reference needs `name` and `subject` as strings and `version` as a number")


def _positive(given: object, name: str) -> int | None:
    """A number from 1; others stand for none, as -1 does in Confluent's clients."""
    if given is None:
        return None
    if not isinstance(given, int) or isinstance(given, bool) or given > _LARGEST:
        raise errors.bad_request(f"`{name}` is not a number")
    return given if given > 0 else None


def _word(call: Call, name: str) -> str:
    value = call.json().get(name)
    return value if isinstance(value, str) else ""


# What is answered


def _content(text: str, references: Sequence[Reference], metadata: object, rules: object) -> dict[str, Any]:
    """A schema; what is not said is left out, as Confluent does (``schemaType`` where it is AVRO)."""
    answered: dict[str, Any] = {"schema": text}
    if references:
        answered["references"] = [
            {"name": one.name, "subject": one.subject, "version": one.version} for one in references
        ]
    if metadata is not None:
        answered["metadata"] = metadata
    if rules is not None:
        answered["ruleSet"] = rules
    return answered


def _version(version: Version) -> dict[str, Any]:
    schema = version.schema
    return {
        "subject": version.subject,
        "version": version.number,
        "id": version.id,
        "guid": str(schema.guid),
        **_content(schema.text, schema.references, schema.metadata, schema.rules),
    }


# The calls


def _root(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return {}


def _register(store: Store, call: Call) -> Answer:
    version = store.register(call.subject, call.draft())
    return {"id": version.id, "version": version.number, "guid": str(version.schema.guid)}


def _look_up(store: Store, call: Call) -> Answer:
    return _version(store.look_up(call.subject, call.draft(), deleted=call.flag("deleted")))


def _subjects(store: Store, call: Call) -> Answer:
    prefix = _prefix(call)
    return call.paged(store.subjects(prefix, deleted=call.flag("deleted"), deleted_only=call.flag("deletedOnly")))


def _prefix(call: Call) -> str:
    prefix = call.query.get("subjectPrefix", "")
    return "" if prefix == _ALL_CONTEXTS else prefix.removeprefix(":.:")


def _versions(store: Store, call: Call) -> Answer:
    found = store.versions(call.subject, deleted=call.flag("deleted"), deleted_only=call.flag("deletedOnly"))
    return call.paged([version.number for version in found])


def _one_version(store: Store, call: Call) -> Answer:
    return _version(store.version(call.subject, call.version, deleted=call.flag("deleted")))


def _version_text(store: Store, call: Call) -> Answer:
    return Raw(store.version(call.subject, call.version, deleted=call.flag("deleted")).schema.text)


def _referenced_by(store: Store, call: Call) -> Answer:
    return call.paged(store.referenced_by(call.subject, call.version))


def _delete(store: Store, call: Call) -> Answer:
    return store.delete(call.subject, permanent=call.flag("permanent"))


def _delete_version(store: Store, call: Call) -> Answer:
    return store.delete_version(call.subject, call.version, permanent=call.flag("permanent"))


def _compatible(store: Store, call: Call) -> Answer:
    number = call.version if len(call.names) > 1 else None
    verbose = call.flag("verbose")
    try:
        reasons = store.judge(call.subject, call.draft(), number)
    except ApiError as error:
        if not verbose or error.code != 42201:
            raise
        reasons = [error.message]
    answered: dict[str, Any] = {"is_compatible": not reasons}
    if verbose:
        answered["messages"] = reasons
    return answered


def _config(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return store.policy.config().told()


def _set_config(store: Store, call: Call) -> Answer:
    return store.set_config(None, call.json()).told("compatibility")


def _drop_config(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return store.drop_config(None).told()


def _subject_config(store: Store, call: Call) -> Answer:
    policy, subject = store.policy, call.subject
    return (policy.config(subject) if call.flag("defaultToGlobal") else policy.own_config(subject)).told()


def _set_subject_config(store: Store, call: Call) -> Answer:
    return store.set_config(call.subject, call.json()).told("compatibility")


def _drop_subject_config(store: Store, call: Call) -> Answer:
    return store.drop_config(call.subject).told()


def _mode(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return {"mode": store.policy.mode()}


def _set_mode(store: Store, call: Call) -> Answer:
    mode = _word(call, "mode")
    store.set_mode(None, mode, force=call.flag("force"))
    return {"mode": mode}


def _drop_mode(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return {"mode": store.policy.drop_mode(None)}


def _subject_mode(store: Store, call: Call) -> Answer:
    if call.flag("defaultToGlobal"):
        return {"mode": store.policy.mode(call.subject)}
    return {"mode": store.policy.own_mode(call.subject)}


def _set_subject_mode(store: Store, call: Call) -> Answer:
    mode = _word(call, "mode")
    store.set_mode(call.subject, mode, force=call.flag("force"))
    return {"mode": mode}


def _drop_subject_mode(store: Store, call: Call) -> Answer:
    return {"mode": store.policy.drop_mode(call.subject)}


def _schemas(store: Store, call: Call) -> Answer:
    found = store.all_versions(_prefix(call), deleted=call.flag("deleted"), newest_only=call.flag("latestOnly"))
    return [_version(version) for version in call.paged(found)]


def _types(store: Store, call: Call) -> Answer:  # noqa: ARG001
    return ["AVRO"]


def _id(call: Call) -> int:
    text = call.names[0]
    if not (text.isascii() and text.isdigit()) or int(text[:11]) > _LARGEST:
        raise errors.no_such_path()
    return int(text)


def _by_id(store: Store, call: Call) -> Answer:
    context, schema = store.by_id(_id(call), call.among)
    answered = _content(schema.text, schema.references, schema.metadata, schema.rules)
    answered["guid"] = str(schema.guid)
    if call.flag("fetchMaxId"):
        answered["maxId"] = store.max_id(context)
    return answered


def _id_text(store: Store, call: Call) -> Answer:
    return Raw(store.by_id(_id(call), call.among)[1].text)


def _id_versions(store: Store, call: Call) -> Answer:
    found = store.with_id(_id(call), call.among, deleted=call.flag("deleted"))
    return call.paged([{"subject": version.subject, "version": version.number} for version in found])


def _id_subjects(store: Store, call: Call) -> Answer:
    found = store.with_id(_id(call), call.among, deleted=call.flag("deleted"))
    return call.paged(sorted({version.subject for version in found}))


def _guid(call: Call) -> UUID:
    try:
        return UUID(call.names[0])
    except ValueError:
        raise errors.schema_not_found(call.names[0]) from None


def _by_guid(store: Store, call: Call) -> Answer:
    _, _, schema = store.by_guid(_guid(call))[0]
    answered = _content(schema.text, schema.references, schema.metadata, schema.rules)
    return {**answered, "guid": str(schema.guid)}


def _guid_ids(store: Store, call: Call) -> Answer:
    return [{"context": context, "id": number} for context, number, _ in store.by_guid(_guid(call))]


def _contexts(store: Store, call: Call) -> Answer:
    named = {taken_apart(name)[0] for name in store.subjects()}
    return call.paged([DEFAULT, *sorted(named - {DEFAULT})])


_HANDLERS: Final[Mapping[str, Function]] = {
    "GET /": _root,
    "GET /subjects": _subjects,
    "POST /subjects/{}": _look_up,
    "DELETE /subjects/{}": _delete,
    "GET /subjects/{}/versions": _versions,
    "POST /subjects/{}/versions": _register,
    "GET /subjects/{}/versions/{}": _one_version,
    "DELETE /subjects/{}/versions/{}": _delete_version,
    "GET /subjects/{}/versions/{}/schema": _version_text,
    "GET /subjects/{}/versions/{}/referencedby": _referenced_by,
    "POST /compatibility/subjects/{}/versions": _compatible,
    "POST /compatibility/subjects/{}/versions/{}": _compatible,
    "GET /config": _config,
    "PUT /config": _set_config,
    "DELETE /config": _drop_config,
    "GET /config/{}": _subject_config,
    "PUT /config/{}": _set_subject_config,
    "DELETE /config/{}": _drop_subject_config,
    "GET /mode": _mode,
    "PUT /mode": _set_mode,
    "DELETE /mode": _drop_mode,
    "GET /mode/{}": _subject_mode,
    "PUT /mode/{}": _set_subject_mode,
    "DELETE /mode/{}": _drop_subject_mode,
    "GET /schemas": _schemas,
    "GET /schemas/types": _types,
    "GET /schemas/ids/{}": _by_id,
    "GET /schemas/ids/{}/schema": _id_text,
    "GET /schemas/ids/{}/versions": _id_versions,
    "GET /schemas/ids/{}/subjects": _id_subjects,
    "GET /schemas/guids/{}": _by_guid,
    "GET /schemas/guids/{}/ids": _guid_ids,
    "GET /contexts": _contexts,
}


def _taken_apart(route: str) -> tuple[str, tuple[str, ...]]:
    method, _, path = route.partition(" ")
    return method, tuple(segment for segment in path.split("/") if segment)


ROUTES: Final[Mapping[tuple[str, tuple[str, ...]], Function]] = {
    _taken_apart(route): function for route, function in _HANDLERS.items()
}
"""What answers each method and path; ``{}`` stands for a name."""
