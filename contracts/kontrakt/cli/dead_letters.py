"""``kontrakt dead-letters``."""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import click

from kontrakt.errors import KontraktError

from .options import BOOTSTRAP_SERVERS, needs_kafka, settings_with

if TYPE_CHECKING:
    from kontrakt.kafka.replay import Letter, LetterBox

_TOPIC: Final = click.argument("topic")
_FORMAT: Final = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
_WIDTH: Final = 60


@click.group(name="dead-letters")
def command() -> None:
    """Look at messages that were put aside, and send them again.

    TOPIC is the topic of the dead letters, such as shop.orders.billing.dlq; a PLACE is a partition and an offset on it, such
    as 2@17. What kontrakt, Spring Kafka and Kafka Connect have put aside is understood.
    """


@command.command(name="list")
@_TOPIC
@BOOTSTRAP_SERVERS
@_FORMAT
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Print the first N letters only.")
@click.option("--waiting", is_flag=True, help="Leave out those that were sent again already.")
def list_letters(topic: str, bootstrap_servers: str | None, form: str, limit: int | None, waiting: bool) -> None:
    """List dead letters: where they stand, when, where they came from, their key and the reason."""
    with _box(topic, bootstrap_servers) as box:
        found: list[Letter] = []
        for letter in box.letters():
            if waiting and letter.replayed:
                continue
            found.append(letter)
            if len(found) == limit:
                break
    if form == "json":
        click.echo(json.dumps({"topic": topic, "letters": [_summary(letter) for letter in found]}, indent=2))
        return
    for letter in found:
        again = f"  (sent again to {', '.join(letter.replayed)})" if letter.replayed else ""
        said = letter.reason.message or letter.reason.error or "no reason is given"
        click.echo(f"{str(letter).ljust(8)}  {_time(letter)}  {_origin(letter)}  key {_shown(letter.key)}{again}")
        click.echo(f"    {_short(said)}")
    click.echo(f"{len(found)} dead letter{'' if len(found) == 1 else 's'} on {topic}")


@command.command(name="show")
@_TOPIC
@click.argument("place")
@BOOTSTRAP_SERVERS
@_FORMAT
def show(topic: str, place: str, bootstrap_servers: str | None, form: str) -> None:
    """Show one dead letter with its headers, its bytes and the whole reason."""
    with _box(topic, bootstrap_servers) as box:
        (letter,) = _chosen(box, [place])
    if form == "json":
        click.echo(json.dumps(_whole(letter), indent=2))
        return
    reason = letter.reason
    value = "none" if letter.value is None else f"{len(letter.value)} bytes, {letter.value.hex()}"
    lines = {
        "place": f"{topic}[{letter.partition}]@{letter.offset}",
        "time": _time(letter),
        "from": _origin(letter),
        "group": reason.group,
        "sent again": ", ".join(letter.replayed),
        "key": _shown(letter.key),
        "value": value,
        "error": reason.error,
        "reason": reason.message,
    }
    for name, said in lines.items():
        if said:
            click.echo(f"{(name + ':').ljust(12)}{said}")
    for name, header in letter.headers:
        click.echo(f"{'header:'.ljust(12)}{name} {_shown(header)}")
    if reason.stacktrace:
        click.echo(f"\n{reason.stacktrace.rstrip()}")


@command.command(name="replay")
@_TOPIC
@click.argument("places", nargs=-1, metavar="[PLACE]...")
@BOOTSTRAP_SERVERS
@click.option("--all", "every", is_flag=True, help="Send all of them.")
@click.option("--to", metavar="TOPIC", help="Send them to this topic.  [default: where each came from]")
@click.option("--again", is_flag=True, help="Send those once more that were sent there already.")
def replay(
    topic: str, places: tuple[str, ...], bootstrap_servers: str | None, every: bool, to: str | None, again: bool
) -> None:
    """Send dead letters again, with the bytes, key and headers that they had.

    Each is sent once, however often this is run: that it was sent is noted on TOPIC in the same transaction.
    """
    if bool(places) == every:
        raise KontraktError("say which letters to send: their PLACES, or --all")
    sent = 0
    with _box(topic, bootstrap_servers) as box:
        chosen = None if every else [(one.partition, one.offset) for one in _chosen(box, places)]
        for letter, target in box.replay(chosen, to=to, again=again):
            sent += 1
            click.echo(f"{letter} -> {target}, key {_shown(letter.key)}")
    asked = "" if chosen is None or sent == len(chosen) else f"; {len(chosen) - sent} had been sent already"
    click.echo(f"{sent} sent{asked}")


def _box(topic: str, bootstrap_servers: str | None) -> LetterBox:
    from kontrakt.kafka.replay import LetterBox

    settings = settings_with(bootstrap_servers=bootstrap_servers)
    needs_kafka(settings)
    return LetterBox(settings.kafka_config, topic)


def _chosen(box: LetterBox, places: Iterable[str]) -> list[Letter]:
    """The letters at some places, each of which must hold one."""
    asked: dict[tuple[int, int], str] = {}
    for place in places:
        found = re.fullmatch(r"(\d+)@(\d+)", place)
        if found is None:
            raise KontraktError(f"{place} is not a place; write the partition and the offset, such as 2@17")
        asked[int(found[1]), int(found[2])] = place
    letters = list(box.letters(asked))
    if missing := asked.keys() - {(one.partition, one.offset) for one in letters}:
        gone = ", ".join(asked[place] for place in sorted(missing))
        raise KontraktError(
            f"no dead letter stands at {gone} of {box.topic}; list them with: kontrakt dead-letters list {box.topic}"
        )
    return letters


def _summary(letter: Letter) -> dict[str, Any]:
    reason = letter.reason
    return {
        "partition": letter.partition,
        "offset": letter.offset,
        "time": _time(letter),
        "from": {"topic": reason.topic, "partition": reason.partition, "offset": reason.offset, "group": reason.group},
        "key": _text(letter.key),
        "error": reason.error,
        "reason": reason.message,
        "replayed": list(letter.replayed),
    }


def _whole(letter: Letter) -> dict[str, Any]:
    return {
        **_summary(letter),
        "key_base64": _base64(letter.key),
        "value_base64": _base64(letter.value),
        "headers": [{"name": name, "text": _text(value), "base64": _base64(value)} for name, value in letter.headers],
        "stacktrace": letter.reason.stacktrace,
    }


def _base64(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _text(data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None


def _shown(data: bytes | None) -> str:
    from kontrakt.kafka.failures import shown_key

    return shown_key(data)


def _time(letter: Letter) -> str:
    return dt.datetime.fromtimestamp(letter.milliseconds / 1000, dt.UTC).isoformat(timespec="seconds")


def _origin(letter: Letter) -> str:
    reason = letter.reason
    return f"{reason.topic}[{reason.partition}]@{reason.offset}" if reason.topic else "nothing says where from"


def _short(said: str) -> str:
    first = said.strip().partition("\n")[0]
    return first if len(first) <= 2 * _WIDTH else f"{first[: 2 * _WIDTH - 3]}..."
