"""Repeated blocks of layers, found by structure and never by name.

A layer becomes a token: its class, its config without names and starting values, its parameters and output, and
where its tensors come from, relative to itself. A block that repeats is then a repetition in the sequence of
tokens. Blocks of blocks follow, since a folded block is a token again; in the end, stages alike but for their
sizes are found the same way over looser tokens. The work grows with the number of layers, not with its square.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from operator import eq
from typing import Any, NamedTuple

from ..graph import Unknown, flatten
from .facts import LayerFacts

IGNORED = ("name", "seed", "shared_object_id", "registered_name", "build_config")
PERIODS = 64  # candidate lengths of a block tried in one pass
LONGEST = 1_000  # layers of one block
PASSES = 200
FEWEST_LAYERS = 3  # equal layers in a row that are worth a fold; of longer blocks two are
SMALLEST_STAGE = 4  # rows that a stage must have to be shown by another of other sizes
DEEPEST = 40  # levels of a config that are compared


class Repeat(NamedTuple):
    """A block and its copies as ranges of positions. ``exact`` copies are equal; others differ in sizes or counts."""

    items: tuple[int | Repeat, ...]
    copies: tuple[tuple[int, int], ...]
    exact: bool


Item = int | Repeat
Align = Callable[[Item, Item], tuple[Any, ...]]


def find_repeats(layers: Sequence[LayerFacts]) -> list[Item]:
    """The layers of one graph by position, each run of equal blocks as one `Repeat`, then runs of similar ones."""
    sources = find_sources(layers)
    names = [fact.layer.name for fact in layers]
    crossing = count_crossing(sources, len(layers))
    ids: dict[Any, int] = {}

    def number(token: Any) -> int:
        return ids.setdefault(token, len(ids))

    exact = [number(token) for token in exact_tokens(layers, sources)]
    loose = [number(("like", fact.layer.class_name, near)) for fact, near in zip(layers, sources, strict=True)]

    def align(head: Item, tail: Item) -> tuple[int, int]:
        """Of several places where a block could begin: where the fewest tensors cross, then by common names."""
        start, stop = first_of(head), last_of(tail) + 1
        return crossing[start], -common_prefix(names[start:stop])

    def exact_token(items: Sequence[Item]) -> Any:
        return tuple(token_of(item) for item in items)

    def token_of(item: Item) -> Any:
        if isinstance(item, int):
            return exact[item]
        return number((exact_token(item.items), len(item.copies)))

    def loose_token(item: Item) -> int:
        if isinstance(item, int):
            return loose[item]
        return number(("like", *(loose_token(part) for part in item.items)))

    def closes(item: Item) -> bool:
        """Whether a stage may end here: with a fold, a merge of branches, or fewer positions than before."""
        if not isinstance(item, int):
            return True
        return any(len(call) > 1 for call in sources[item]) or "Pooling" in layers[item].layer.class_name

    def align_stage(head: Item, tail: Item) -> tuple[Any, ...]:
        return not closes(tail), *align(head, tail)

    folded = collapse(list(range(len(layers))), token_of, align, True, 1)
    return collapse(folded, loose_token, align_stage, False, SMALLEST_STAGE, closes)


def find_sources(layers: Sequence[LayerFacts]) -> list[tuple[Any, ...]]:
    """Of each layer, where the tensors of its calls come from: steps back, or the name of one that feeds a series."""
    position = {fact.layer.name: index for index, fact in enumerate(layers)}
    everywhere = find_series(layers, position)
    found = []
    for index, fact in enumerate(layers):
        calls = []
        for call in fact.layer.calls:
            refs = call.refs()
            calls.append(
                tuple(
                    (
                        ref.layer if ref.layer in everywhere else index - position.get(ref.layer, -1),
                        ref.call,
                        ref.output,
                    )
                    for ref in refs
                )
            )
        found.append(tuple(calls))
    return found


def find_series(layers: Sequence[LayerFacts], position: Mapping[str, int]) -> set[str]:
    """Layers whose output enters one kind of layer at even distances, as an attention mask does in every block."""
    takers: dict[str, dict[str, list[int]]] = {}
    for index, fact in enumerate(layers):
        for name in {ref.layer for call in fact.layer.calls for ref in call.refs()}:
            takers.setdefault(name, {}).setdefault(fact.layer.class_name, []).append(index)
    found = set()
    for name, by_class in takers.items():
        for places in by_class.values():
            if len(places) < 3:
                continue
            steps = {after - before for before, after in pairwise(places)}
            if len(steps) == 1 and steps.pop() > 1 and name in position:
                found.add(name)
    return found


def count_crossing(sources: Sequence[tuple[Any, ...]], size: int) -> list[int]:
    """Before each position, how many layers' tensors are still to be taken by it or by a later one."""
    last = {}
    for index, calls in enumerate(sources):
        for call in calls:
            for step, _, _ in call:
                if isinstance(step, int) and 0 < step <= index:
                    last[index - step] = index
    change = [0] * (size + 2)
    for source, taker in last.items():
        change[source + 1] += 1
        change[taker + 1] -= 1
    crossing, running = [], 0
    for index in range(size + 1):
        running += change[index]
        crossing.append(running)
    return crossing


def exact_tokens(layers: Sequence[LayerFacts], sources: Sequence[tuple[Any, ...]]) -> list[Any]:
    tokens = []
    for fact, near in zip(layers, sources, strict=True):
        layer = fact.layer
        inner = layer.inner and id(layer) if layer.inner is None else inner_token(fact)
        shapes = tuple(
            None if isinstance(value, Unknown) else tuple(spec.shape for spec in flatten(value))
            for value in fact.outputs
        )
        tokens.append((layer.class_name, layer.kind, freeze(layer.config), fact.params, fact.macs, shapes, near, inner))
    return tokens


def inner_token(fact: LayerFacts) -> Any:
    """A nested model by its layers' classes, configs and connections, its own nested models by their size alone."""
    graph = fact.layer.inner
    assert graph is not None
    position = {layer.name: index for index, layer in enumerate(graph.layers)}
    return tuple(
        (
            layer.class_name,
            freeze(layer.config) if layer.inner is None else len(layer.inner.layers),
            tuple(tuple((position.get(r.layer), r.call, r.output) for r in call.refs()) for call in layer.calls),
        )
        for layer in graph.layers
    )


def freeze(value: Any, level: int = 0) -> Any:
    """A config as something to compare, without names, seeds and initializers."""
    if level > DEEPEST:
        return id(value)
    if isinstance(value, Mapping):
        return tuple(
            (key, freeze(item, level + 1))
            for key, item in value.items()
            if key not in IGNORED and not str(key).endswith("_initializer")
        )
    if isinstance(value, (list, tuple)):
        return tuple(freeze(item, level + 1) for item in value)
    return value


def collapse(
    items: list[Item],
    token_of: Callable[[Item], Any],
    align: Align,
    exact: bool,
    least: int,
    closes: Callable[[Item], bool] = lambda item: True,
) -> list[Item]:
    """Fold the repetition that saves most rows, again and again, until none is left."""
    for _ in range(PASSES):
        tokens = [token_of(item) for item in items]
        best, saved = None, 0
        for period in find_periods(tokens, least):
            runs = [
                (start, length)
                for start, length in find_runs(tokens, period)
                if any(closes(items[at + period - 1]) for at in range(start, start + length % period + 1))
            ]
            saving = sum((length // period - 1) * period - (period > 1) for _, length in runs)
            if saving > saved:
                best, saved, chosen = period, saving, runs
        if best is None:
            break
        items = fold_runs(items, best, chosen, align, exact)
    return items


def find_periods(tokens: Sequence[int], least: int) -> list[int]:
    """Lengths a repeated block may have: the commonest distances between equal tokens, shortest first."""
    seen: dict[int, int] = {}
    distances: Counter[int] = Counter()
    for index, token in enumerate(tokens):
        before = seen.get(token)
        if before is not None and least <= index - before <= LONGEST:
            distances[index - before] += 1
        seen[token] = index
    return sorted(period for period, _ in distances.most_common(PERIODS))


def find_runs(tokens: Sequence[int], period: int) -> list[tuple[int, int]]:
    """Where tokens repeat with a period at least once over: (start, length), not overlapping."""
    same = bytes(map(eq, tokens, tokens[period:]))
    runs, start = [], 0
    least = max(period, FEWEST_LAYERS - 1)
    while (start := same.find(b"\1" * least, start)) >= 0:
        end = same.find(b"\0", start)
        end = len(same) if end < 0 else end
        runs.append((start, end - start + period))
        start = end + period
    return runs


def fold_runs(items: list[Item], period: int, runs: Sequence[tuple[int, int]], align: Align, exact: bool) -> list[Item]:
    folded: list[Item] = []
    done = 0
    for start, length in runs:
        offsets = range(start, start + length % period + 1)
        first = min(offsets, key=lambda at: align(items[at], items[at + period - 1]))
        stop = start + length - (start + length - first) % period
        copies = tuple((first_of(items[at]), last_of(items[at + period - 1]) + 1) for at in range(first, stop, period))
        folded += items[done:first]
        folded.append(Repeat(tuple(items[first : first + period]), copies, exact))
        done = stop
    return folded + items[done:]


def common_prefix(names: Sequence[str]) -> int:
    """Characters that all the names begin with; the first and the last in order tell."""
    first, last = min(names), max(names)
    return next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))


def first_of(item: Item) -> int:
    return item if isinstance(item, int) else item.copies[0][0]


def last_of(item: Item) -> int:
    return item if isinstance(item, int) else item.copies[-1][1] - 1
