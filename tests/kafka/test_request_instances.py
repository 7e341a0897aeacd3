"""Many instances of clients and services, as processes, that come, go and are killed: no answer reaches one that did not ask for it."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.kafka.conftest import PARTITIONS
from tests.kafka.new.payments import Payments
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

CLIENTS = PARTITIONS + 2
"""So that some share a partition of answers."""
ASKED = 40

ASKING = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import kontrakt
from tests.kafka.new.payments import Payments

class Named(Payments):
    topic = sys.argv[1]

def ask(number):
    answer = payments.authorize(order_id=f"{sys.argv[2]}-{number}", amount=number)
    return answer.authorization_id == f"a-{sys.argv[2]}-{number}-{number}"

with kontrakt.connect() as bus, Named.client(bus) as payments, ThreadPoolExecutor(4) as pool:
    print("ready")
    for command in sys.stdin:
        first, count = json.loads(command)
        right = list(pool.map(ask, range(first, first + count)))
        print(json.dumps([len(right), sum(right)]))
"""

SERVING = """
import sys, time
import kontrakt
from tests.kafka.new.payments import Authorization, Payments

class Named(Payments):
    topic = sys.argv[1]

class Bank(Named.Service):
    begun = False
    def authorize(self, request, meta):
        if not self.begun:
            self.begun = True
            print("at work")
        time.sleep(0.005)
        return Authorization(authorization_id=f"a-{request.order_id}-{request.amount}")
    def return_(self, request, meta): ...
    def settled(self, request, meta): ...

with kontrakt.connect() as bus:
    runner = Named.serve(bus, Bank(), group="bank")
    print("ready")
    runner.run()
"""


@pytest.mark.real
@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_every_answer_reaches_the_instance_that_asked(place: Place, fresh: Fresh) -> None:
    topic = fresh(Payments)
    mortal = {f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(n) for name, n in place.quick_to_give_up.items()}
    with ExitStack() as stack:

        def started(text: str, *arguments: str) -> subprocess.Popen[str]:
            environment = place.environment | mortal
            return stack.enter_context(program(text, topic.topic, *arguments, environment=environment))

        services = [started(SERVING)]
        clients = [started(ASKING, f"client{number}") for number in range(CLIENTS)]
        assert [line(one) for one in (*services, *clients)] == ["ready"] * (CLIENTS + 1)

        ask(clients, 0)  # while a second service joins, and takes over some of the partitions
        services.append(started(SERVING))
        assert {line(one) for one in services[:1]} == {"at work"}
        assert all_right(clients)

        ask(clients, 100)  # while a service is killed, with requests at hand and answers on their way
        services[0].kill()
        assert all_right(clients)

        ask(clients, 200)  # while a client is killed, and its answers come
        clients.pop(0).kill()
        clients.append(started(ASKING, "another"))  # which may read the same partition
        assert line(clients[-1]) == "ready"
        assert all_right(clients[:-1])
        ask(clients[-1:], 200)
        assert all_right(clients[-1:])

        ask(clients, 300)  # while services come and go in order
        services.append(started(SERVING))
        assert line(services[1]) == line(services[2]) == "ready"
        services[1].terminate()
        assert all_right(clients)


def ask(clients: list[subprocess.Popen[str]], first: int) -> None:
    for client in clients:
        assert client.stdin is not None
        client.stdin.write(json.dumps([first, ASKED]) + "\n")
        client.stdin.flush()


def all_right(clients: list[subprocess.Popen[str]]) -> bool:
    """Whether every client got an answer to each of its requests, the right one."""
    answers: list[Any] = [json.loads(line(client)) for client in clients]
    assert answers == [[ASKED, ASKED]] * len(clients)
    return True
