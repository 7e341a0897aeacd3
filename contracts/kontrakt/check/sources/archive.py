"""The files of an archive, read in memory: nothing is written to disk, whatever the names in it say."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final, TypeAlias

from kontrakt.avro.node import MAX_BYTES
from kontrakt.errors import SourceError

LARGEST: Final = 512 * 1024 * 1024
"""How many bytes an archive may hold when it is unpacked."""
MOST: Final = 200_000
"""How many entries it may have."""

_Stream: TypeAlias = "IO[bytes] | gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile"
_BROKEN: Final = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, gzip.BadGzipFile)


def read_archive(path: Path, wanted: Callable[[str], bool]) -> dict[str, bytes]:
    """The files of an archive.

    Args:
        path: What ``zip`` or ``tar`` made, compressed with gzip, bzip2 or xz, or not at all. A wheel is such a file.
        wanted: Told the name of each file without its folder, says whether to read it.

    Returns:
        The bytes of each by its path from the archive's root. What a link leads to stands there under the link's path too.

    Raises:
        SourceError: It is no such archive, or holds more than it may.
        OSError: It cannot be read.
    """
    contents = _Contents(path, wanted)
    try:
        if zipfile.is_zipfile(path):
            contents.read_zip()
        else:
            contents.read_tar()
    except (NotImplementedError, RuntimeError) as error:  # how zipfile says: compressed or encrypted in another way
        raise SourceError(f"{path}: a file in it cannot be read: {error}") from error
    except _BROKEN as error:
        raise SourceError(
            f"{path}: this is no archive, or a broken one ({error}); what zip and tar make can be read, "
            "compressed with gzip, bzip2 or xz, or not at all"
        ) from error
    return contents.files | contents.linked()


class _Contents:
    """What is wanted of an archive.

    Attributes:
        files: The bytes of each file by its path.
        links: Where each link leads, by its path.
    """

    def __init__(self, path: Path, wanted: Callable[[str], bool]) -> None:
        self.files: dict[str, bytes] = {}
        self.links: dict[str, str] = {}
        self._path = path
        self._wanted = wanted
        self._entries = 0
        self._held = 0

    def read_zip(self) -> None:
        with zipfile.ZipFile(self._path) as archive:
            for entry in archive.infolist():
                self._count()
                link = stat.S_ISLNK(entry.external_attr >> 16)
                name = _inside(entry.filename)
                if entry.is_dir() or not (link or self._wanted(posixpath.basename(name))):
                    continue
                with archive.open(entry) as content:
                    self._keep(name, content, link=link)

    def read_tar(self) -> None:
        with (
            self._path.open("rb") as file,
            _unpacked(file) as unpacked,
            tarfile.open(fileobj=_Bounded(unpacked, self._path), mode="r|") as archive,
        ):
            for entry in archive:
                self._count()
                name = _inside(entry.name)
                if entry.issym():
                    self.links[name] = _inside(posixpath.join(posixpath.dirname(name), entry.linkname))
                elif entry.islnk():
                    self.links[name] = _inside(entry.linkname)
                elif entry.isreg() and self._wanted(posixpath.basename(name)):
                    content = archive.extractfile(entry)
                    assert content is not None  # it is a file
                    self._keep(name, content)

    def linked(self) -> dict[str, bytes]:
        """The files that links lead to, by the path that leads there; links to links are followed once."""
        found: dict[str, bytes] = {}
        for name, link in self.links.items():
            target = self.links.get(link, link)
            if target in self.files and self._wanted(posixpath.basename(name)):
                found[name] = self.files[target]
            below = f"{target}/"
            found |= {name + path[len(target) :]: data for path, data in self.files.items() if path.startswith(below)}
        return found

    def _keep(self, name: str, content: IO[bytes], *, link: bool = False) -> None:
        data = content.read(MAX_BYTES + 1)  # a file that is larger is refused where it is parsed
        self._held += len(data)
        if self._held > LARGEST:
            raise _too_large(self._path)
        if link:
            target = data.decode("utf-8", "replace")
            self.links[name] = _inside(posixpath.join(posixpath.dirname(name), target))
        else:
            self.files[name] = data

    def _count(self) -> None:
        self._entries += 1
        if self._entries > MOST:
            raise SourceError(f"{self._path}: the archive has more than {MOST} entries; compare with a folder of it")


class _Bounded(io.RawIOBase):
    """Gives a stream's bytes, but not without end."""

    def __init__(self, stream: _Stream, path: Path) -> None:
        self._stream = stream
        self._path = path
        self._left = LARGEST

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(self._left + 1 if size < 0 else size)
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._path)
        return data


def _unpacked(file: IO[bytes]) -> _Stream:
    """A file's bytes as they were before they were compressed."""
    magic = file.read(6)
    file.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=file)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(file)
    return lzma.LZMAFile(file) if magic == b"\xfd7zXZ\x00" else file


def _too_large(path: Path) -> SourceError:
    limit = f"{LARGEST // (1024 * 1024)} MB"
    return SourceError(f"{path}: the archive holds more than {limit} when it is unpacked; compare with a folder of it")


def _inside(name: str) -> str:
    """A name as a path from the archive's root, which it cannot leave."""
    return posixpath.normpath("/" + name.replace("\\", "/")).lstrip("/")
