"""Stands in the place of GitHub's command line: ``gh api`` on comments that are kept in a file, as much of it as the action calls.

``GH_COMMENTS`` names the file, ``GH_REFUSES`` the method that is answered with 403.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

PAGE = 2  # comments a page, so that a few make several


def main(arguments: list[str]) -> int:
    store = Path(os.environ["GH_COMMENTS"])
    comments: list[dict[str, Any]] = json.loads(store.read_text(encoding="utf-8"))
    assert os.environ["GH_TOKEN"]
    assert arguments.pop(0) == "api"
    options: dict[str, str] = {}
    path = ""
    while arguments:
        word = arguments.pop(0)
        if word in ("--method", "--field"):
            options[word] = arguments.pop(0)
        elif word.startswith("-"):
            options[word] = ""
        else:
            path = word
    method = "POST" if path == "graphql" else options.get("--method", "GET")
    if os.environ.get("GH_REFUSES") == method:
        sys.stderr.write("gh: Resource not accessible by integration (HTTP 403)\n")
        return 1
    name, _, text = options.get("--field", "").partition("=")
    if path == "graphql":
        assert text == "{viewer{login}}"
        sys.stdout.write('{"data":{"viewer":{"login":"github-actions[bot]"}}}')
        return 0
    if method == "GET":
        assert path == "repos/acme/shop/issues/7/comments?per_page=100"
        assert {"--paginate", "--slurp"} <= set(options)
        json.dump([comments[start : start + PAGE] for start in range(0, len(comments), PAGE)], sys.stdout)
        return 0
    assert name == "body"
    body = Path(text.removeprefix("@")).read_text(encoding="utf-8")
    if method == "POST":
        assert path == "repos/acme/shop/issues/7/comments"
        comments.append({"id": len(comments) + 100, "user": {"login": "github-actions[bot]"}, "body": body})
    else:
        assert method == "PATCH"
        found = re.fullmatch(r"repos/acme/shop/issues/comments/(\d+)", path)
        assert found
        next(one for one in comments if one["id"] == int(found[1]))["body"] = body
    store.write_text(json.dumps(comments), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
