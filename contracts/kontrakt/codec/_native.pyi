# The extension in C, whose sources are in native/; where it was not built there is no such module.

from collections.abc import Callable
from typing import Any, final

from .graph import Description

# The base of the codec: encodes values.
class Encoder:
    # describe: gives the description of the program, when it is first needed
    # fail: raises what becomes of an error; gets the error, and the steps to where it was, the innermost first
    def __init__(self, describe: Callable[[], Description], fail: Callable[[Exception, list[object]], Any]) -> None: ...
    def encode(self, value: Any, prefix: bytes = b"") -> bytes: ...

# Decodes the value that starts at an offset and ends with the data.
@final
class Decoder:
    # fail: raises what becomes of an error; gets the error, the steps, how many bytes had been read, and how many there are
    # left: raises the error for bytes after the value; gets the latter two
    def __new__(
        cls,
        description: Description,
        fail: Callable[[Exception, list[object], int, int], Any],
        left: Callable[[int, int], Any],
    ) -> Decoder: ...
    def __call__(self, data: bytes, offset: int = 0) -> Any: ...

# Encodes a value as a branch of a union, whose node has that number.
@final
class Fit:
    def __new__(cls, node: int) -> Fit: ...
    def __call__(self, value: Any, output: Any) -> None: ...

# Whether a bare object of a class may be filled through the slots of these names.
def fillable(kind: type, names: tuple[str, ...], /) -> bool: ...
