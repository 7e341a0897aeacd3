"""The errors of the REST API: their codes and words are Confluent's, because clients match them.

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


def subject_not_found(subject: str) -> ApiError:
    """No such subject."""
    return ApiError(40401, f"Subject '{subject}' not found.")


def version_not_found(version: object) -> ApiError:
    """No such version."""
    return ApiError(40402, f"Version {version} not found.")


def schema_not_found(schema: object = None) -> ApiError:
    """No such id or GUID; without one, no version of the subject has this schema."""
    return ApiError(40403, "Schema not found" if schema is None else f"Schema {schema} not found")


def subject_deleted(subject: str) -> ApiError:
    """It is deleted softly already."""
    return ApiError(40404, f"Subject '{subject}' was soft deleted. Set permanent=true to delete permanently")


def subject_not_deleted(subject: str) -> ApiError:
    """It must be deleted softly first."""
    return ApiError(40405, f"Subject '{subject}' was not deleted first before being permanently deleted")


def version_deleted(subject: str, version: int) -> ApiError:
    """It is deleted softly already."""
    return ApiError(
        40406, f"Subject '{subject}' Version {version} was soft deleted. Set permanent=true to delete permanently"
    )


def version_not_deleted(subject: str, version: int) -> ApiError:
    """It must be deleted softly first."""
    return ApiError(
        40407, f"Subject '{subject}' Version {version} was not deleted first before being permanently deleted"
    )


def no_level(subject: str) -> ApiError:
    """It has no level of its own."""
    return ApiError(40408, f"Subject '{subject}' does not have subject-level compatibility configured")


def no_mode(subject: str) -> ApiError:
    """It has no mode of its own."""
    return ApiError(40409, f"Subject '{subject}' does not have subject-level mode configured")


def incompatible(subject: str, reasons: list[str]) -> ApiError:
    """What is registered stands against it."""
    details = ", ".join(reasons)
    return ApiError(
        409,
        f'Schema being registered is incompatible with an earlier schema for subject "{subject}", details: [{details}]',
    )


def invalid_schema(reason: str) -> ApiError:
    """It is not a schema."""
    return ApiError(42201, f"Invalid schema: {reason}")


def invalid_version(version: str) -> ApiError:
    """It is not the number of a version."""
    return ApiError(
        42202,
        f"The specified version '{version}' is not a valid version id. "
        'Allowed values are between [1, 2^31-1] and the string "latest"',
    )


def invalid_level() -> ApiError:
    """There is no such level."""
    return ApiError(
        42203, f"Invalid compatibility level. Valid values are {', '.join(level.lower() for level in Level)}"
    )


def invalid_mode() -> ApiError:
    """There is no such mode."""
    return ApiError(42204, f"Invalid mode. Valid values are {', '.join(MODES)}")


def not_permitted(reason: str) -> ApiError:
    """The mode does not allow it."""
    return ApiError(42205, reason)


def reference_exists(subject: str, version: int) -> ApiError:
    """Other schemas refer to it."""
    return ApiError(42206, f"One or more references exist to the schema {{subject={subject},version={version}}}.")
