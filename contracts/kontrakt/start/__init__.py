"""The first files of a repository of contracts."""

from .files import CI, Start, first_files
from .write import Written, write

__all__ = ["CI", "Start", "Written", "first_files", "write"]
