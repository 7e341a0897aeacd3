"""The registry's memory: subjects and their versions, schemas and their ids."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from kontrakt.registry.contexts import DEFAULT, qualified, taken_apart
from kontrakt.registry.documents import Reference

from . import errors
from .ids import Ids
from .judge import reasons
from .schemas import Draft, Schema, Version, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from uuid import UUID

    from .policy import Config, Policy

_IMPORTING: Final = ("IMPORT", "FORWARD")
"""The modes in which schemas come with the ids that they have in another registry."""

LATEST: Final = -1
"""Stands for the number of the newest version."""


class Store:
    """Subjects, versions, schemas. Each method is one step that other threads see whole.

    Args:
        policy: Levels and modes.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy: Final = policy
        self._lock = threading.RLock()
        self._subjects: dict[str, dict[int, Version]] = {}
        self._ids: defaultdict[str, Ids] = defaultdict(Ids)

    # Registering and looking up

    def register(self, subject: str, draft: Draft) -> Version:
        """Add a version to a subject, unless a live one has the same schema.

        Raises:
            ApiError: The schema is not valid or not compatible, or the mode does not allow it.
        """
        with self._lock:
            schema = self._read(subject, draft)
            history = self._versions(subject)
            same = next((one for one in reversed(history) if one.schema.identity == schema.identity), None)
            if same is not None and draft.id in (None, same.id):
                return same  # in every mode: nothing is written
            importing = self._writable(subject) in _IMPORTING
            if draft.id is not None and not importing:
                raise errors.not_permitted(
                    f"only in the modes {' and '.join(_IMPORTING)} does a schema bring its id; "
                    f"the mode of the subject {subject} is {self.policy.mode(subject)}"
                )
            if draft.id is None and importing:
                raise errors.not_permitted(
                    f"the mode of the subject {subject} is {self.policy.mode(subject)}, where each schema brings its id"
                )
            if not importing:
                found = self._reasons(subject, schema, history)
                if found:
                    raise errors.incompatible(subject, found)
            number = self._number_for(subject, draft)
            given = self._ids[taken_apart(subject)[0]].give(schema, draft.id)
            version = Version(subject=subject, number=number, id=given, schema=schema)
            self._subjects.setdefault(subject, {})[number] = version
            return version

    def look_up(self, subject: str, draft: Draft, *, deleted: bool = False) -> Version:
        """The newest version of a subject with this schema.

        Raises:
            ApiError: There is none, or the schema is not valid.
        """
        with self._lock:
            versions = self._existing(subject, deleted=deleted)
            schema = self._read(subject, draft)
            for version in reversed(versions):
                if version.schema.identity == schema.identity:
                    return version
            raise errors.schema_not_found()

    def judge(self, subject: str, draft: Draft, number: int | None = None) -> list[str]:
        """What stands against a schema as the next version of a subject.

        Args:
            subject: The subject, which need not exist.
            draft: The schema.
            number: Ask about this version only; None for those that the level asks for.

        Raises:
            ApiError: The schema is not valid, or the version is not there.
        """
        with self._lock:
            history = self._versions(subject)
            if number == LATEST:
                history = history[-1:]
            elif number is not None:
                history = [version for version in history if version.number == number]
                if not history:
                    raise errors.version_not_found(number)
            schema = self._read(subject, draft)
            return self._reasons(subject, schema, history)

    # Reading

    def subjects(self, prefix: str = "", *, deleted: bool = False, deleted_only: bool = False) -> list[str]:
        """The subjects whose names begin with something, sorted."""
        with self._lock:
            return sorted(
                name
                for name in self._subjects
                if name.startswith(prefix) and self._versions(name, deleted=deleted, deleted_only=deleted_only)
            )

    def versions(self, subject: str, *, deleted: bool = False, deleted_only: bool = False) -> list[Version]:
        """The versions of a subject, oldest first.

        Raises:
            ApiError: There are none.
        """
        with self._lock:
            return self._existing(subject, deleted=deleted, deleted_only=deleted_only)

    def version(self, subject: str, number: int, *, deleted: bool = False) -> Version:
        """One version of a subject.

        Raises:
            ApiError: There is none.
        """
        with self._lock:
            versions = self._existing(subject, deleted=deleted)
            if number == LATEST:
                return versions[-1]
            for version in versions:
                if version.number == number:
                    return version
            raise errors.version_not_found(number)

    def by_id(self, number: int, among: str = "") -> tuple[str, Schema]:
        """The schema of an id, and its context; those whose versions are deleted softly count.

        Args:
            number: The id.
            among: A subject, or a whole context, to look in. A subject that names no context is looked for in all of them,
                the default one first; without any, the default context counts.

        Raises:
            ApiError: There is none.
        """
        with self._lock:
            context, name = taken_apart(among)
            places = [context]
            if name and context == DEFAULT:
                holding = (taken_apart(one.subject) for one in self._all() if one.id == number)
                places += [other for other, called in holding if called == name]
            for place in places:
                if number in self._ids[place].schemas:
                    return place, self._ids[place].schemas[number]
            raise errors.schema_not_found(number)

    def by_guid(self, guid: UUID) -> list[tuple[str, int, Schema]]:
        """The schema of a GUID, with each context that holds it and its id there; versions deleted softly count.

        Raises:
            ApiError: There is none.
        """
        with self._lock:
            found = [
                (context, number, schema)
                for context, ids in sorted(self._ids.items())
                for number, schema in ids.schemas.items()
                if schema.guid == guid
            ]
            if not found:
                raise errors.schema_not_found(guid)
            return found

    def with_id(self, number: int, among: str = "", *, deleted: bool = False) -> list[Version]:
        """Every version whose schema has an id, by subject and number.

        Args:
            number: The id.
            among: As for :meth:`by_id`; a subject that is named is the only one told of.
            deleted: Whether versions that are deleted softly are told of.

        Raises:
            ApiError: There is no such id.
        """
        with self._lock:
            context, _ = self.by_id(number, among)
            wanted = taken_apart(among)[1]
            return [
                version
                for version in self._all()
                if version.id == number
                and (deleted or not version.deleted)
                and version.context == context
                and wanted in ("", taken_apart(version.subject)[1])
            ]

    def all_versions(self, prefix: str = "", *, deleted: bool = False, newest_only: bool = False) -> list[Version]:
        """The versions of all subjects whose names begin with something, or the newest of each."""
        with self._lock:
            found: list[Version] = []
            for name in self.subjects(prefix, deleted=deleted):
                versions = self._versions(name, deleted=deleted)
                found.extend(versions[-1:] if newest_only else versions)
            return found

    def referenced_by(self, subject: str, number: int) -> list[int]:
        """The ids of the live schemas that refer to a version, sorted.

        Raises:
            ApiError: There is no such version.
        """
        with self._lock:
            version = self.version(subject, number, deleted=True)
            return sorted({user.id for user in self._users(version)})

    def max_id(self, context: str) -> int:
        """The greatest id so far, of a context."""
        with self._lock:
            return self._ids[context].greatest

    # Deleting

    def delete(self, subject: str, *, permanent: bool = False) -> list[int]:
        """Delete a subject, softly or what was deleted softly for good.

        Returns:
            The numbers of its versions.

        Raises:
            ApiError: It is not there, other schemas refer to it, or the steps are in the wrong order.
        """
        with self._lock:
            self._writable(subject)
            versions = self._existing(subject, deleted=True)
            live = self._versions(subject)
            if permanent and live:
                raise errors.subject_not_deleted(subject)
            if not permanent and not live:
                raise errors.subject_deleted(subject)
            gone = versions if permanent else live
            for version in gone:
                self._check_unused(version)
            if permanent:
                del self._subjects[subject]
                self._sweep()
            for version in gone:
                version.deleted = True
            self.policy.forget(subject)
            return [version.number for version in gone]

    def delete_version(self, subject: str, number: int, *, permanent: bool = False) -> int:
        """Delete a version, softly or what was deleted softly for good.

        Raises:
            ApiError: It is not there, other schemas refer to it, or the steps are in the wrong order.
        """
        with self._lock:
            self._writable(subject)
            version = self.version(subject, number, deleted=permanent or number != LATEST)
            if permanent and not version.deleted:
                raise errors.version_not_deleted(subject, version.number)
            if not permanent and version.deleted:
                raise errors.version_deleted(subject, version.number)
            self._check_unused(version)
            version.deleted = True
            if permanent:
                del self._subjects[subject][version.number]
                if not self._subjects[subject]:
                    del self._subjects[subject]
                self._sweep()
            if not self._versions(subject):
                self.policy.forget(subject)
            return version.number

    # Levels and modes

    def set_config(self, subject: str | None, given: Mapping[str, Any]) -> Config:
        """Set what a request gives, for a subject, a context or, without one, the registry.

        Returns:
            What it gave, understood.

        Raises:
            ApiError: There is no such level, a value is of the wrong kind, or the mode does not allow it.
        """
        with self._lock:
            self._writable(subject)
            return self.policy.set_config(subject, given)

    def drop_config(self, subject: str | None) -> Config:
        """Return to what is above, and say what it was.

        Raises:
            ApiError: The subject has nothing of its own, or the mode does not allow it.
        """
        with self._lock:
            self._writable(subject)
            return self.policy.drop_config(subject)

    def set_mode(self, subject: str | None, mode: str, *, force: bool = False) -> None:
        """Set the mode of a subject, or of the registry.

        Args:
            subject: The subject; None for the registry.
            mode: The mode.
            force: Allow IMPORT although there are schemas.

        Raises:
            ApiError: There is no such mode, or there are schemas that an import could collide with.
        """
        with self._lock:
            if mode == "IMPORT" and not force and self.policy.mode(subject) != "IMPORT":
                there = self.subjects() if subject is None else self._versions(subject)
                if there:
                    raise errors.not_permitted(
                        "there are schemas already, whose ids an import could take; force=true allows it all the same"
                    )
            self.policy.set_mode(subject, mode)

    # How

    def _all(self) -> Iterator[Version]:
        for name in sorted(self._subjects):
            yield from self._subjects[name].values()

    def _versions(self, subject: str, *, deleted: bool = False, deleted_only: bool = False) -> list[Version]:
        found = self._subjects.get(subject, {})
        if deleted_only:
            return [found[number] for number in sorted(found) if found[number].deleted]
        return [found[number] for number in sorted(found) if deleted or not found[number].deleted]

    def _existing(self, subject: str, *, deleted: bool = False, deleted_only: bool = False) -> list[Version]:
        versions = self._versions(subject, deleted=deleted, deleted_only=deleted_only)
        if not versions:
            raise errors.subject_not_found(subject)
        return versions

    def _read(self, subject: str, draft: Draft) -> Schema:
        references: list[Reference] = []
        used: list[Version] = []
        for one in draft.references:
            try:
                # A reference that names no context is into the context of what refers.
                version = self.version(qualified(one.subject, taken_apart(subject)[0]), one.version)
            except errors.ApiError:
                raise errors.invalid_schema(
                    f"it refers to version {one.version} of the subject {one.subject}, which is not there"
                ) from None
            references.append(Reference(one.name, one.subject, version.number))
            used.append(version)
        normalize = draft.normalize or self.policy.config(subject).normalize is True
        return read(draft, tuple(references), [version.schema.tree for version in used], normalize=normalize)

    def _writable(self, subject: str | None) -> str:
        mode = self.policy.mode(subject)
        if mode in ("READONLY", "READONLY_OVERRIDE"):
            of = f"the subject {subject}" if subject is not None else "the registry"
            raise errors.not_permitted(f"the mode of {of} is {mode}: nothing can be changed")
        return mode

    def _reasons(self, subject: str, schema: Schema, history: list[Version]) -> list[str]:
        config = self.policy.config(subject)
        if config.group is not None:
            own = schema.property(config.group)
            history = [version for version in history if version.schema.property(config.group) == own]
        return reasons(schema.tree, history, config.level or "NONE")

    def _number_for(self, subject: str, draft: Draft) -> int:
        taken = self._subjects.get(subject, {})
        if draft.version is not None and self.policy.mode(subject) in _IMPORTING:
            if draft.version in taken:
                raise errors.not_permitted(f"the subject {subject} has a version {draft.version} already")
            return draft.version
        return max(taken, default=0) + 1

    def _sweep(self) -> None:
        """Forget the schemas that no version has any more; their ids are not given again."""
        for ids in self._ids.values():
            ids.clear()
        for version in self._all():
            self._ids[version.context].remember(version.id, version.schema)

    def _users(self, version: Version) -> list[Version]:
        return [
            other
            for other in self._all()
            if not other.deleted
            and any(
                (qualified(one.subject, other.context), one.version) == (version.subject, version.number)
                for one in other.schema.references
            )
        ]

    def _check_unused(self, version: Version) -> None:
        if self._users(version):
            raise errors.reference_exists(version.subject, version.number)
