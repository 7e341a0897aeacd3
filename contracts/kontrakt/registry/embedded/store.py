"""The registry's memory: subjects and their versions, schemas and their ids."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from kontrakt.registry.documents import Reference

from . import errors
from .judge import reasons
from .schemas import Draft, Schema, Version, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from .policy import Policy

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
        self._schemas: dict[int, Schema] = {}
        self._ids: dict[str, int] = {}
        self._guids: dict[UUID, int] = {}
        self._next_id = 1

    # Registering and looking up

    def register(self, subject: str, draft: Draft) -> Version:
        """Add a version to a subject, unless a live one has the same schema.

        Raises:
            ApiError: The schema is not valid or not compatible, or the mode does not allow it.
        """
        with self._lock:
            mode = self._writable(subject)
            if draft.id is not None and mode != "IMPORT":
                raise errors.not_permitted(
                    f"only in mode IMPORT does a schema bring its id; the mode of the subject {subject} is {mode}"
                )
            if draft.id is None and mode == "IMPORT":
                raise errors.not_permitted(
                    f"the mode of the subject {subject} is IMPORT, where each schema brings its id"
                )
            schema = self._read(subject, draft)
            history = self._versions(subject)
            for version in reversed(history):
                if version.schema.identity == schema.identity:
                    return version
            if mode != "IMPORT":
                found = self._reasons(subject, schema, history)
                if found:
                    raise errors.incompatible(subject, found)
            number = self._number_for(subject, draft)
            version = Version(subject=subject, number=number, id=self._id_for(schema, draft), schema=schema)
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

    def by_id(self, number: int) -> Schema:
        """The schema of an id; those whose versions are deleted softly count.

        Raises:
            ApiError: There is none.
        """
        with self._lock:
            if number not in self._schemas:
                raise errors.schema_not_found(number)
            return self._schemas[number]

    def by_guid(self, guid: UUID) -> tuple[int, Schema]:
        """The schema of a GUID, and its id; those whose versions are deleted softly count.

        Raises:
            ApiError: There is none.
        """
        with self._lock:
            if guid not in self._guids:
                raise errors.schema_not_found(guid)
            return self._guids[guid], self._schemas[self._guids[guid]]

    def with_id(self, number: int, *, deleted: bool = False) -> list[Version]:
        """Every version whose schema has an id, by subject and number.

        Raises:
            ApiError: There is no such id.
        """
        with self._lock:
            self.by_id(number)
            return [version for version in self._all() if version.id == number and (deleted or not version.deleted)]

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

    def max_id(self) -> int:
        """The greatest id so far."""
        with self._lock:
            return self._next_id - 1

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
                version = self.version(one.subject, one.version)
            except errors.ApiError:
                raise errors.invalid_schema(
                    f"it refers to version {one.version} of the subject {one.subject}, which is not there"
                ) from None
            references.append(Reference(one.name, one.subject, version.number))
            used.append(version)
        normalize = draft.normalize or self.policy.config(subject).normalize is True
        return read(draft, tuple(references), [version.schema.tree for version in used], normalize=normalize)

    def _writable(self, subject: str) -> str:
        mode = self.policy.mode(subject)
        if mode in ("READONLY", "READONLY_OVERRIDE"):
            raise errors.not_permitted(f"the mode of the subject {subject} is {mode}: nothing can be changed")
        return mode

    def _reasons(self, subject: str, schema: Schema, history: list[Version]) -> list[str]:
        config = self.policy.config(subject)
        if config.group is not None:
            own = schema.property(config.group)
            history = [version for version in history if version.schema.property(config.group) == own]
        return reasons(schema.tree, history, config.level or "NONE")

    def _number_for(self, subject: str, draft: Draft) -> int:
        taken = self._subjects.get(subject, {})
        if draft.version is not None and self.policy.mode(subject) == "IMPORT":
            if draft.version in taken:
                raise errors.not_permitted(f"the subject {subject} has a version {draft.version} already")
            return draft.version
        return max(taken, default=0) + 1

    def _id_for(self, schema: Schema, draft: Draft) -> int:
        """The id of the same schema elsewhere, or the next one."""
        number = self._ids.get(schema.identity, self._next_id) if draft.id is None else draft.id
        if number in self._schemas and self._schemas[number].identity != schema.identity:
            raise errors.not_permitted(f"the id {number} belongs to another schema")
        self._next_id = max(self._next_id, number + 1)
        self._remember(number, schema)
        return number

    def _remember(self, number: int, schema: Schema) -> None:
        self._schemas.setdefault(number, schema)
        self._ids.setdefault(schema.identity, number)
        self._guids.setdefault(schema.guid, number)

    def _sweep(self) -> None:
        """Forget the schemas that no version has any more; their ids are not given again."""
        self._schemas.clear()
        self._ids.clear()
        self._guids.clear()
        for version in self._all():
            self._remember(version.id, version.schema)

    def _users(self, version: Version) -> list[Version]:
        return [
            other
            for other in self._all()
            if not other.deleted
            and any((one.subject, one.version) == (version.subject, version.number) for one in other.schema.references)
        ]

    def _check_unused(self, version: Version) -> None:
        if self._users(version):
            raise errors.reference_exists(version.subject, version.number)
