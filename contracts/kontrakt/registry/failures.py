"""What confluent's registry client raises, in kontrakt's words."""

from __future__ import annotations

import os
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

from kontrakt.errors import (
    RegistryDenied,
    RegistryError,
    RegistryUnavailable,
    SchemaNotFound,
    SchemaRejected,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

_NOT_ABOUT_THE_SCHEMA: Final = frozenset((42202, 42203, 42204, 42205, 42206))
"""Codes of status 422 that say nothing against a schema: version, level, mode, not permitted, referenced
(https://docs.confluent.io/platform/current/schema-registry/develop/api.html)."""
_NOT_PERMITTED: Final = 42205
_DENIED: Final = frozenset((HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED))
_LATER: Final = frozenset((HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS))
_LOOPBACK: Final = frozenset(("localhost", "127.0.0.1", "::1"))
_PROXIES: Final = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


def without_secrets(url: str) -> str:
    """A registry's address, or several separated by commas, without the credentials in it."""
    return ",".join(_without_secrets(part.strip()) for part in url.split(","))


def completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of confluent's client with what it asks for and only Confluent Cloud has: the logical cluster.

    Confluent's client refuses tokens without one; other registries have none, and an empty one says nothing to them. An
    OAuth scope is optional too (RFC 6749, section 4.4.2).
    """
    source = config.get("bearer.auth.credentials.source")
    if source in (None, "CUSTOM"):
        return dict(config)
    optional = {"bearer.auth.logical.cluster": ""}
    if source == "OAUTHBEARER":
        optional["bearer.auth.scope"] = ""
    return {**optional, **config}


def credentials_apart(config: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of confluent's client with the credentials beside the address: the HTTP client logs each address.

    Confluent's client takes those of the first address for all of them; so does this.
    """
    url = config.get("url")
    if not isinstance(url, str) or "basic.auth.user.info" in config:
        return dict(config)
    first = urlsplit(url.partition(",")[0].strip())
    if not first.username:
        return dict(config)
    known = f"{unquote(first.username)}:{unquote(first.password or '')}"
    return {**config, "url": without_secrets(url), "basic.auth.user.info": known}


def _without_secrets(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@contextmanager
def translated(url: str, doing: str) -> Generator[None]:
    """Raise kontrakt's errors for those of confluent's client.

    Args:
        url: The registry's address, without secrets.
        doing: What is being asked, such as ``look up schema id 7``.
    """
    from confluent_kafka.schema_registry.error import OAuthTokenError, SchemaRegistryError

    try:
        yield
    except SchemaRegistryError as error:
        raise answered(url, doing, error.http_status_code, error.error_code, error.error_message) from error
    except OAuthTokenError as error:
        raise RegistryDenied(f"cannot {doing}: no token for the schema registry at {url}: {error}") from error
    except Exception as error:
        if _is_of_httpx(error, "TransportError"):
            hint = _proxy(url) or _authority(error)
            raise RegistryUnavailable(f"cannot {doing}: no answer from {url}: {_reason(error)}{hint}") from error
        if isinstance(error, KeyError) and error.args[0] in ("expires_in", "expires_at"):
            raise RegistryDenied(
                f"cannot {doing}: what gives tokens for the schema registry at {url} does not say how long a token is good for "
                "(expires_in), so it cannot be renewed in time; set it there"
            ) from error
        # Confluent's client trusts the shape of an answer and stumbles where it is another one.
        if isinstance(error, ValueError | TypeError | AttributeError | KeyError) or _is_of_httpx(error, "RequestError"):
            raise RegistryError(
                f"cannot {doing}: what answers at {url} does not answer like a schema registry "
                f"({type(error).__name__}: {error}); check the address and its path"
            ) from error
        raise


def answered(url: str, doing: str, status: int, code: int | None, message: str | None) -> RegistryError:
    """The error for an answer that is one.

    Args:
        url: The registry's address, without secrets.
        doing: What was asked.
        status: The HTTP status.
        code: The registry's ``error_code``, if it gave one.
        message: What the registry says.
    """
    number = code if isinstance(code, int) and code > 0 else 0
    said = message.strip() if isinstance(message, str) and message.strip() else "no reason given"
    shown = f"HTTP {status}" + (f", code {number}" if number and number != status else "")
    text = f"cannot {doing}: {said} ({shown} from {url})"
    if status in _DENIED:
        return RegistryDenied(f"{text}; check the registry's credentials and their rights", status=status, code=number)
    if status == HTTPStatus.NOT_FOUND:
        return SchemaNotFound(text, status=status, code=number)
    if status == HTTPStatus.CONFLICT or (
        status == HTTPStatus.UNPROCESSABLE_ENTITY and number not in _NOT_ABOUT_THE_SCHEMA
    ):
        return SchemaRejected(text, status=status, code=number)
    if number == _NOT_PERMITTED:
        text += (
            "; the registry takes schemas and levels in mode READWRITE: have whoever runs it set that, or write to the registry "
            "that this one is a copy of, then do it again"
        )
    if status in _LATER or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED):
        return RegistryUnavailable(text, status=status, code=number)
    return RegistryError(text, status=status, code=number)


def _is_of_httpx(error: Exception, name: str) -> bool:
    """Whether the HTTP client below says so. Confluent uses httpx or its successor, whichever is installed."""
    return any(kind.__name__ == name and kind.__module__.startswith("httpx") for kind in type(error).__mro__)


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if name.endswith("Timeout"):
        return f"{str(error) or 'timed out'} ({name})"
    return str(error) or name


def _proxy(url: str) -> str:
    hosts = {urlsplit(part).hostname for part in url.split(",")}
    present: Sequence[str] = [name for name in _PROXIES if os.environ.get(name)]
    if present and hosts & _LOOPBACK:
        return f"; {present[0]} is set, add the registry's host to NO_PROXY"
    return ""


def _authority(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "; name the authority that signed the registry's certificate: ssl.ca.location"
    return ""
