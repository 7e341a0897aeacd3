"""Names that are taken: by Python, by the styles' base classes, and by what generated modules import.

They are written down rather than asked of the running Python, so that the same schemas give the same names on every
machine. A test compares them with what it runs on.
"""

from __future__ import annotations

import keyword
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


KEYWORDS: Final = frozenset(keyword.kwlist)
"""Python's keywords; the soft ones (``match``, ``type``) are fine as names."""

CLASS_BODY: Final = KEYWORDS | _names(
    """
    bool bytes cls dataclass_field dict dt field float int list self str
    Any Decimal Duration EventStamp Field Literal LocalTimestampNanos TimeNanos TimestampNanos UUID
    """
)
"""What annotations, defaults and methods in a generated class body refer to."""

PYDANTIC: Final = _names(
    """
    Config construct copy dict from_orm json model_computed_fields model_config model_construct model_copy model_dump
    model_dump_json model_extra model_fields model_fields_set model_json_schema model_parametrized_name
    model_post_init model_rebuild model_validate model_validate_json model_validate_strings mro parse_file parse_obj
    parse_raw register schema schema_json update_forward_refs validate
    """
)
"""Attributes of ``pydantic.BaseModel`` and of its metaclass, and the class that configured it in version 1."""

EXCEPTION: Final = frozenset(("add_note", "args", "with_traceback"))
"""Attributes of exceptions."""

HEADERS: Final = CLASS_BODY | {"declared", "of"}
"""What an attribute of declared headers cannot be called."""

METHODS: Final = frozenset(("AsyncBus", "RequestMeta", "abstractmethod", "overload"))
"""What the class bodies of request clients and services refer to beside what a record's does."""

IMPORTED: Final = _names(
    """
    Any BaseModel ConfigDict Decimal Field Literal StrEnum Struct TypedDict UUID
    AsyncBus AsyncEventHandler AsyncRequestClient AsyncRequestService
    Bus DeclaredError DeclaredHeaders Duration Entity EntityView EventHandler EventStamp Events EventsView Key
    KeyedEntity KeyedEvents LocalTimestampNanos Meta Never Operation RequestClient RequestMeta RequestService Requests
    TimeNanos TimestampNanos
    """
)
"""Classes that generated modules import."""

STR: Final = _names(
    """
    capitalize casefold center count encode endswith expandtabs find format format_map index isalnum isalpha
    isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust
    lower lstrip maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit
    rstrip split splitlines startswith strip swapcase title translate upper zfill
    """
)
"""Attributes of ``str``."""

ENUM: Final = frozenset(("mro", "name", "names", "value", "values"))
"""Names that ``Enum`` gives a meaning."""

BUILTIN_CLASSES: Final = _names(
    """
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError
    ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning
    EnvironmentError Exception ExceptionGroup False FileExistsError FileNotFoundError FloatingPointError
    FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError IndexError InterruptedError
    IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None
    NotADirectoryError NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning
    PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError ResourceWarning
    RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError
    SystemExit TabError TimeoutError True TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError
    UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning WindowsError
    ZeroDivisionError
    """
)
"""Python's built-in exceptions and constants."""

STANDARD_LIBRARY: Final = _names(
    """
    abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
    builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall
    concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm
    decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp
    fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip
    hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json
    keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder
    msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os
    ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint
    profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib
    resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib
    sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string
    stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test
    textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
    turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg
    winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo
    """
)
"""Top-level modules of the standard library."""

RUNTIME: Final = frozenset(
    ("confluent_kafka", "fastavro", "kontrakt", "kontrakt_codegen", "msgspec", "pydantic", "typing_extensions")
)
"""Packages that generated code or its runtime import."""
