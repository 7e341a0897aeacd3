"""When text is coloured: on a terminal, unless somebody said no."""

from __future__ import annotations

import io

import pytest
from kontrakt.check.reports import wants_color


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"TERM": "xterm-256color"}, True),
        (Terminal(), {"NO_COLOR": ""}, True),  # no-color.org: "when present and not an empty string"
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": "0"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_when(stream: io.StringIO, environ: dict[str, str], wanted: bool) -> None:
    assert wants_color(stream, environ) == wanted
