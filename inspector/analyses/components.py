"""Loops of layers: layers that take each other's results, in the calls A(B(A(x))) for one."""

from __future__ import annotations

from collections import deque

Edges = dict[str, list[str]]


def find_loops(edges: Edges) -> tuple[list[list[str]], list[list[str]]]:
    """The groups of layers that lie on common loops, and of each group one shortest loop through its first layer.

    A group is in the order of ``edges``; a loop starts and ends with the same layer.
    """
    groups = [group for group in strongly_connected(edges) if len(group) > 1 or group[0] in edges[group[0]]]
    return groups, [shortest_loop(group, edges) for group in groups]


def shortest_loop(group: list[str], edges: Edges) -> list[str]:
    start, inside = group[0], set(group)
    before: dict[str, str] = {}
    queue = deque([start])
    while queue:
        name = queue.popleft()
        for follower in edges[name]:
            if follower == start:
                loop = [name]
                while loop[-1] != start:
                    loop.append(before[loop[-1]])
                return [*loop[::-1], start]
            if follower in inside and follower not in before:
                before[follower] = name
                queue.append(follower)
    return group


def strongly_connected(edges: Edges) -> list[list[str]]:
    """Tarjan's components with a stack of our own, each in the order of ``edges``."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: dict[str, None] = {}
    groups: list[list[str]] = []
    for root in edges:
        if root in number:
            continue
        work = [(root, iter(edges[root]))]
        number[root] = low[root] = len(number)
        open_[root] = None
        while work:
            name, followers = work[-1]
            for follower in followers:
                if follower not in number:
                    number[follower] = low[follower] = len(number)
                    open_[follower] = None
                    work.append((follower, iter(edges[follower])))
                    break
                if follower in open_:
                    low[name] = min(low[name], number[follower])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    groups.append(take_until(open_, name))
    order = {name: index for index, name in enumerate(edges)}
    return sorted((sorted(group, key=order.__getitem__) for group in groups), key=lambda group: order[group[0]])


def take_until(open_: dict[str, None], name: str) -> list[str]:
    group = []
    while True:
        last = open_.popitem()[0]
        group.append(last)
        if last == name:
            return group
