"""What a picture must hold, counted from the graph itself, and what it does hold, counted in its markup."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def expected(model) -> Counter:
    """Calls, boxes and tensors of a model with every nested model open, one for each call of it."""
    count: Counter = Counter()
    stack = [("", model.graph)]
    while stack:
        prefix, graph = stack.pop()
        for layer in graph.layers:
            path = prefix + layer.name
            opens = layer.inner is not None and layer.inner.layers
            for call in range(len(layer.calls) or 1):
                count["box", path] += bool(opens)
                count["call", path] += not opens
                if opens:
                    stack.append((f"{path}/", layer.inner))
                if layer.calls:
                    count["tensor"] += len(layer.calls[call].refs())
        if graph.kind == "sequential" and not graph.built:
            count["tensor"] += max(len(graph.layers) - 1, 0)
    count["result"] = len(model.graph.output_refs())
    return +count


def drawn(svg: str) -> Counter:
    """The same, as a picture has them; every id stands once."""
    root = ElementTree.fromstring(svg)
    count: Counter = Counter()
    ids = []
    for group in root.iter(f"{SVG}g"):
        classes = group.get("class", "").split()
        if not re.fullmatch(r"[neb]\d+", group.get("id", "")):
            continue
        ids.append(group.get("id"))
        if "cluster" in classes:
            count["box", group.get("data-path")] += 1
        elif "edge" in classes:
            count[next(kind for kind in ("tensor", "result", "tie") if kind in classes)] += 1
        elif "output" not in classes:
            count["call", group.get("data-path").partition("@")[0]] += 1
    assert len(ids) == len(set(ids))
    del count["tie"]
    return +count
