"""What the generator asks of graphs: circles, and an order in which everything comes after what it needs.

Nothing here recurses: schemas may be thousands of levels deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

T = TypeVar("T")


def circles(edges: Mapping[T, Iterable[T]]) -> list[list[T]]:
    """The groups of nodes that reach each other (Tarjan's strongly connected components, of two nodes or more).

    Args:
        edges: For each node, the nodes that it leads to.
    """
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    open_: dict[T, None] = {}
    found: list[list[T]] = []
    for start in edges:
        if start in index:
            continue
        index[start] = low[start] = len(index)
        open_[start] = None
        work: list[tuple[T, Iterator[T]]] = [(start, iter(edges[start]))]
        while work:
            node, following = work[-1]
            target = next((t for t in following if t in edges), None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group: list[T] = []
                    while not group or group[-1] != node:
                        group.append(open_.popitem()[0])
                    if len(group) > 1:
                        found.append(group)
            elif target not in index:
                index[target] = low[target] = len(index)
                open_[target] = None
                work.append((target, iter(edges[target])))
            elif target in open_:
                low[node] = min(low[node], index[target])
    return found


def ordered(edges: Mapping[T, Iterable[T]]) -> list[T]:
    """The nodes, each after those that it leads to where there is no circle; otherwise in the order given.

    Args:
        edges: For each node, the nodes that it leads to; others than the keys are left out.
    """
    done: dict[T, None] = {}
    for start in edges:
        entered: dict[T, None] = {}
        work: list[tuple[T, Iterator[T]]] = [(start, iter(edges[start]))]
        while work:
            node, following = work[-1]
            if node in done:
                work.pop()
                continue
            entered[node] = None
            target = next((t for t in following if t in edges and t not in done and t not in entered), None)
            if target is None:
                done[node] = None
                work.pop()
            else:
                work.append((target, iter(edges[target])))
    return list(done)
