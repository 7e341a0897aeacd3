"""What editors are told: JSON Schemas of contracts and of ``kontrakt.toml``, for completion and for mistakes while one types.

They are draft-07, which VS Code, JetBrains' editors and taplo all read. What they say of words, kinds, names and numbers comes
from the tables of the parsers. What takes several files to see (types by name, keys, what a projection reads) is left to
``kontrakt lint``.
"""

from .contracts import contracts_schema
from .settings import settings_schema

__all__ = ["contracts_schema", "settings_schema"]
