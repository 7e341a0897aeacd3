"""A git repository, read with git's plumbing: no checkout is touched and no worktree is made."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Final, NamedTuple

from kontrakt.errors import SourceError
from kontrakt.registry.failures import without_secrets

_ABOUT_ELSEWHERE: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
"""What git tells the hooks that it runs; it would send git back to another folder than the one that it is asked about."""
_FULL: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHORT: Final = re.compile(r"[0-9a-f]{7,63}")
_RELEASE: Final = re.compile(r"[vV]?\d+(\.\d+)+.*")
_STEPS: Final = re.compile(r"[~^@]")


class Entry(NamedTuple):
    """What a tree holds.

    Attributes:
        mode: ``100644`` a file, ``120000`` a link, ``160000`` a submodule.
        object: The id of its content; of a submodule: of its commit.
        path: Where it stands below the tree. Bytes that are not UTF-8 are written as escapes.
    """

    mode: str
    object: str
    path: str


class Repository:
    """A git repository with a working tree.

    Args:
        folder: A folder in the working tree.

    Raises:
        SourceError: git is not installed, or the folder is in no working tree.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = self._run("rev-parse", "--show-toplevel", "--is-shallow-repository", "--git-common-dir")
        if found.returncode:
            said = _said(found)
            if "not a git repository" in said:
                raise SourceError(
                    f"{folder}: this is in no git repository, so there is no ref to compare with; "
                    "run kontrakt in a clone, or compare with the path of a folder"
                )
            raise SourceError(f"{folder}: git cannot be asked here: {said}")
        top, shallow, common = found.stdout.decode("utf-8", "surrogateescape").splitlines()
        self.top: Final = Path(top)
        """The folder of the working tree."""
        self.shallow: Final = shallow == "true"
        """Whether the history is cut off."""
        self.common: Final = folder / common
        """Where git keeps what all worktrees share."""

    @classmethod
    def fetched(cls, folder: Path, url: str, ref: str) -> Repository:
        """A repository that holds one commit of another, as ``FETCH_HEAD``.

        Args:
            folder: An empty folder, which becomes the repository.
            url: The other repository, as ``git fetch`` takes it; a path is a whole one.
            ref: A branch, a tag or a whole commit id.

        Raises:
            SourceError: git is not installed, or cannot fetch it.
        """
        made = _git(folder, "init", "--quiet")
        if not made.returncode:
            made = _git(folder, "fetch", "--quiet", "--depth=1", "--no-tags", "--end-of-options", url, ref)
        if made.returncode:
            shown = without_secrets(url)
            said = _said(made).replace(url, shown)
            raise SourceError(f"{shown}: git cannot fetch {ref}: {said}; check the address, the ref and your rights")
        return cls(folder)

    # Commits

    def commit(self, ref: str) -> str:
        """The id of the commit that a ref names.

        Raises:
            SourceError: There is none here; the message says how to fetch it.
        """
        found = self._resolved(f"{ref}^{{commit}}")
        if found is None:
            raise SourceError(f"git: there is no {ref} in {self._where}; {self._way_to(ref)}")
        return found

    def merge_base(self, ref: str) -> str:
        """The id of the commit where a ref and HEAD parted.

        Raises:
            SourceError: There is no such ref, or no such commit; the message says how to fetch it.
        """
        found = self._run("merge-base", self.commit(ref), "HEAD")
        if found.returncode:
            if self.shallow:
                raise SourceError(
                    f"git: where {ref} and HEAD parted lies beyond the history that was fetched into {self._where}; "
                    f"fetch it with: {self._unshallow(ref)}"
                )
            raise SourceError(f"git: {ref} and HEAD have no commit in common; compare with one of the two: git:{ref}")
        return _text(found.stdout)

    def contains(self, commit: str) -> bool:
        """Whether a commit is HEAD, or comes before it; True where git cannot tell."""
        return self.shallow or self._run("merge-base", "--is-ancestor", commit, "HEAD").returncode != 1

    # What they hold

    def find_all(self, commit: str, paths: list[str]) -> list[tuple[str, str] | None]:
        """What stands at some paths, with links followed: its id and its type (``blob``, ``tree``), or None where nothing does.

        Args:
            commit: The commit.
            paths: From the root of the repository, which itself is an empty string.
        """
        asked = [path for path in paths if "\n" not in path]
        lines = "".join(f"{commit}:{path}\n" for path in asked).encode("utf-8", "surrogateescape")
        answer = self._asked("cat-file", "--batch-check", "--follow-symlinks", given=lines)
        found: dict[str, tuple[str, str]] = {}
        rest = answer
        for path in asked:
            line, _, rest = rest.partition(b"\n")
            words = line.split(b" ")
            if line.endswith(b" missing"):
                continue
            if len(words) == 3:
                found[path] = words[0].decode(), words[1].decode()
            elif words[0] in (b"symlink", b"dangling", b"loop", b"notdir"):  # and on the next line the path
                size = int(words[1])
                rest = rest[size + 1 :]
        return [found.get(path) for path in paths]

    def tree(self, tree: str) -> list[Entry]:
        """Everything below a tree, in any depth."""
        listed = self._asked("ls-tree", "-r", "-z", "--full-tree", tree)
        return [_entry(line) for line in listed.split(b"\0") if line]

    def submodule(self, commit: str, path: str) -> tuple[str, str] | None:
        """The submodule that a path leads through: where it stands, and its commit; None where there is none."""
        steps = path.split("/")
        above = ["/".join(steps[:end]) for end in range(1, len(steps) + 1)]
        listed = self._asked("ls-tree", "-z", "--full-tree", commit, *above)
        entries = [_entry(line) for line in listed.split(b"\0") if line]
        return next(((entry.path, entry.object) for entry in entries if entry.mode == "160000"), None)

    def contents(self, objects: list[str], largest: int) -> dict[str, bytes]:
        """The bytes of objects, by id. Of one that is larger, nothing is read; it is not in the answer.

        Args:
            objects: Their ids.
            largest: In bytes.

        Raises:
            SourceError: git cannot read one of them.
        """
        sizes = self._asked("cat-file", "--batch-check", given=_lines(objects)).splitlines()
        small: list[str] = []
        for name, line in zip(objects, sizes, strict=True):
            words = line.split(b" ")
            if len(words) != 3:
                raise SourceError(f"git: the object {name} is missing in {self._where}; run git fsck")
            if int(words[2]) <= largest:
                small.append(name)
        rest = memoryview(self._asked("cat-file", "--batch", "--buffer", given=_lines(small)))
        found: dict[str, bytes] = {}
        for name in small:
            end = bytes(rest[:200]).index(b"\n")
            size = int(bytes(rest[:end]).split(b" ")[2])
            found[name] = bytes(rest[end + 1 : end + 1 + size])
            rest = rest[end + 2 + size :]
        return found

    # How

    @property
    def _where(self) -> str:
        return f"this {'shallow ' if self.shallow else ''}clone"

    def _resolved(self, name: str) -> str | None:
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return None if found.returncode else _text(found.stdout)

    def _way_to(self, ref: str) -> str:
        """What to do about a ref that is not there."""
        remotes = _text(self._run("remote").stdout).splitlines()
        remote = "origin" if "origin" in remotes or not remotes else remotes[0]
        start = _STEPS.split(ref)[0]
        if start in ("", "HEAD") or self._resolved(f"{start}^{{commit}}"):
            if not self.shallow:
                return "the commit that it starts from does not go back that far; git log shows what there is"
            return f"fetch more of the history with: git fetch --deepen={_steps(ref[len(start) :])} {remote}"
        if not remotes:
            return "git branch --all and git tag show what there is"
        for one in remotes:
            if self._resolved(f"refs/remotes/{one}/{start}^{{commit}}"):
                return f"there is {one}/{start}; compare with git:{one}/{ref}"
        depth = "--depth=1 " if self.shallow else ""
        if _FULL.fullmatch(start):
            return f"fetch it with: git fetch {depth}{remote} {start}"
        if _SHORT.fullmatch(start):
            return "if it is a commit, give all digits of it: git fetches a commit by its full id only"
        named, _, branch = start.removeprefix("refs/remotes/").partition("/")
        if branch and named in remotes:
            return f"fetch it with: git fetch {depth}{named} {branch}:refs/remotes/{named}/{branch}"
        name = start.removeprefix("refs/").removeprefix("heads/")
        if start.startswith("refs/tags/") or _RELEASE.fullmatch(name):
            return f"fetch it with: git fetch {depth}{remote} tag {name.removeprefix('tags/')}"
        return (
            f"if it is a branch of {remote}, fetch it with: git fetch {depth}{remote} "
            f"{name}:refs/remotes/{remote}/{name}, and compare with git:{remote}/{name}"
        )

    def _unshallow(self, ref: str) -> str:
        remotes = _text(self._run("remote").stdout).splitlines()
        remote, _, branch = _STEPS.split(ref)[0].removeprefix("refs/remotes/").partition("/")
        if branch and remote in remotes:
            return f"git fetch --unshallow {remote} {branch}:refs/remotes/{remote}/{branch}"
        return f"git fetch --unshallow {next(iter(remotes), 'origin')}"

    def _asked(self, *arguments: str, given: bytes = b"") -> bytes:
        """What git answers.

        Raises:
            SourceError: It does not.
        """
        found = self._run(*arguments, given=given)
        if found.returncode:
            raise SourceError(f"{self._folder}: git {arguments[0]} failed: {_said(found)}")
        return found.stdout

    def _run(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return _git(self._folder, *arguments, given=given)


def _git(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Asks git about a folder.

    Raises:
        SourceError: git is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _ABOUT_ELSEWHERE}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        return subprocess.run(  # noqa: S603, git is asked, with arguments that are no shell's
            ["git", "-C", os.fspath(folder), *arguments],  # noqa: S607, the one that the user has
            input=given,
            capture_output=True,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise SourceError("git is not installed; install it, or compare with the path of a folder") from None


def _said(found: subprocess.CompletedProcess[bytes]) -> str:
    """The first thing that git complains about, and what it advises."""
    said = found.stderr.decode("utf-8", "replace").strip()
    return " ".join(said.removeprefix("fatal: ").split()) or f"exit code {found.returncode}"


def _text(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").strip()


def _lines(objects: list[str]) -> bytes:
    return "".join(f"{name}\n" for name in objects).encode()


def _entry(line: bytes) -> Entry:
    head, _, path = line.partition(b"\t")
    mode, _, name = head.decode().split(" ")
    return Entry(mode, name, path.decode("utf-8", "backslashreplace"))


def _steps(walk: str) -> int:
    """How many commits back a walk such as ``~3`` or ``^`` goes."""
    return sum(int(count or 1) for _, count in re.findall(r"([~^])(\d*)", walk)) or 1
