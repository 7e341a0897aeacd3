"""Which registries the tests ask again when they hang up."""

from __future__ import annotations

import http.client

import pytest

from tests.registry.fake import HANGS_UP, Reply, fake
from tests.registry.served import Answer, Served


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH"])
def test_a_foreign_registry_is_asked_again(method: str) -> None:
    answers: list[Reply] = [HANGS_UP, HANGS_UP, HANGS_UP, (404, {"error_code": 404})]
    with fake(lambda method, path: answers.pop(0)) as server:
        assert Served("apicurio3", server.url, "apicurio3").ask(method, "/nowhere") == Answer(404, {"error_code": 404})
    assert server.asked == 4 * [f"{method} /nowhere"]


@pytest.mark.parametrize(
    ("name", "method", "times"), [("apicurio3", "GET", 4), ("apicurio3", "DELETE", 1), ("embedded", "GET", 1)]
)
def test_a_registry_that_only_hangs_up_fails_the_test(name: str, method: str, times: int) -> None:
    with fake(lambda method, path: HANGS_UP) as server, pytest.raises(http.client.RemoteDisconnected):
        Served(name, server.url, "confluent").ask(method, "/nowhere")
    assert len(server.asked) == times
