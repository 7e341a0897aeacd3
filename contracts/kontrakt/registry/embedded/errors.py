"""The errors of the REST API. Their codes are Confluent's, because clients go by them; their words are kontrakt's.

Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html, and each call's "Status Codes" there.
"""

from __future__ import annotations

from typing import Final

from kontrakt.avro.compatibility import Level

MODES: Final = ("READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT", "FORWARD")


class ApiError(Exception):
    """An answer that is an error.

    Attributes:
        status: The HTTP status.
        code: The ``error_code``; the status where the API has no finer one.
        message: The reason.
    """

    def __init__(self, code: int, message: str) -> None:
        self.status = code if code < 1000 else code // 100
        self.code = code
        self.message = message
        super().__init__(message)


def bad_request(reason: str) -> ApiError:
    """The request is not one."""
    return ApiError(400, reason)


def no_such_path() -> ApiError:
    """The API has no such path."""
    return ApiError(404, "this registry has no such path")


def wrong_method(method: str) -> ApiError:
    """The path is there, and takes other methods."""
    return ApiError(405, f"this path takes no {method}")


def subject_not_found(subject: str) -> ApiError:
    """No such subject."""
    return ApiError(40401, f"there is no subject {subject}")


def version_not_found(version: object) -> ApiError:
    """No such version."""
    return ApiError(40402, f"the subject has no version {version}")


def schema_not_found(schema: object = None) -> ApiError:
    """No such id or GUID; without one, no version of the subject has this schema."""
    return ApiError(
        40403, "no version of the subject has this schema" if schema is None else f"no schema has the id {schema}"
    )


def subject_deleted(subject: str) -> ApiError:
    """It is deleted softly already."""
    return ApiError(40404, f"the subject {subject} is deleted already; permanent=true removes it for good")


def subject_not_deleted(subject: str) -> ApiError:
    """It must be deleted softly first."""
    return ApiError(40405, f"the subject {subject} must be deleted before it is removed for good")


def version_deleted(subject: str, version: int) -> ApiError:
    """It is deleted softly already."""
    return ApiError(
        40406, f"version {version} of the subject {subject} is deleted already; permanent=true removes it for good"
    )


def version_not_deleted(subject: str, version: int) -> ApiError:
    """It must be deleted softly first."""
    return ApiError(40407, f"version {version} of the subject {subject} must be deleted before it is removed for good")


def no_level(subject: str) -> ApiError:
    """It has no level of its own."""
    return ApiError(40408, f"the subject {subject} has no compatibility level of its own")


def no_mode(subject: str) -> ApiError:
    """It has no mode of its own."""
    return ApiError(40409, f"the subject {subject} has no mode of its own")


def incompatible(subject: str, reasons: list[str]) -> ApiError:
    """What is registered stands against it."""
    return ApiError(409, f"the schema cannot become the next version of the subject {subject}: {', '.join(reasons)}")


def invalid_schema(reason: str) -> ApiError:
    """It is not a schema."""
    return ApiError(42201, f"this is not a schema that can be registered: {reason}")


def invalid_version(version: str) -> ApiError:
    """It is not the number of a version."""
    return ApiError(
        42202,
        f"{version!r} is not the number of a version; numbers go from 1 to 2147483647, and the newest version is called latest",
    )


def invalid_level() -> ApiError:
    """There is no such level."""
    return ApiError(42203, f"there is no such compatibility level; there are {', '.join(Level)}")


def invalid_mode() -> ApiError:
    """There is no such mode."""
    return ApiError(42204, f"there is no such mode; there are {', '.join(MODES)}")


def not_permitted(reason: str) -> ApiError:
    """The mode does not allow it."""
    return ApiError(42205, reason)


def reference_exists(subject: str, version: int) -> ApiError:
    """Other schemas refer to it."""
    return ApiError(42206, f"version {version} of the subject {subject} stays: other schemas refer to it")
