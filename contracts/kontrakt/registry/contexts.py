"""Contexts: worlds apart in one registry, each with subjects and ids of its own.

A subject outside of the default context is called ``:.context:subject``
(https://docs.confluent.io/platform/current/schema-registry/schema-linking-cp.html, "What is a Schema Context?").
"""

from __future__ import annotations

from typing import Final

DEFAULT: Final = "."
"""The context of subjects that name none."""


def context_named(name: str) -> str:
    """A context as the API calls it, whichever way it is written: ``staging``, ``.staging`` and ``:.staging:`` are one.

    Raises:
        ValueError: No context can be called so.
    """
    inner = name.removeprefix(":").removesuffix(":").removeprefix(".")
    if ":" in inner or name != name.strip():
        raise ValueError(f"{name!r} is not the name of a context; write it as in staging")
    return f".{inner}"


def qualified(subject: str, context: str) -> str:
    """A subject in a context; one that names its context is left as it is.

    Args:
        subject: The subject; an empty string stands for the whole context.
        context: The context, as :func:`context_named` gives it.
    """
    return subject if context == DEFAULT or subject.startswith(":.") else f":{context}:{subject}"


def taken_apart(subject: str) -> tuple[str, str]:
    """The context of a subject, and what the subject is called in it."""
    if not subject.startswith(":.") or ":" not in subject[2:]:
        return DEFAULT, subject
    context, _, name = subject[1:].partition(":")
    return context, name


def within(subject: str, context: str) -> str:
    """What a subject is called in a context; the whole name where it stands in another one."""
    own, name = taken_apart(subject)
    return name if own == context else subject
