"""KS217 unused-input."""

from __future__ import annotations

from collections.abc import Iterator

from ..graph import Graph, walk
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule


class UnusedInput(Rule):
    """An input that has no part in any output.

    The model demands it with every batch and does nothing with it: a branch was left out, or a tensor was passed over
    when the layers were connected. Connect it, or take it out of `inputs`.
    """

    code = "KS217"
    name = "unused-input"
    severity = "warning"
    needs = ("model",)
    flags = (
        Example("a, b = keras.Input((8,), name='a'), keras.Input((4,), name='b')\n"
                "model = keras.Model([a, b], layers.Dense(2)(a))", "a second input that goes nowhere"),
        Example("a, b = keras.Input((8,), name='a'), keras.Input((8,), name='b')\n"
                "inner = keras.Model([a, b], layers.Dense(2)(b))\nx = keras.Input((8,))\n"
                "model = keras.Model(x, inner([x, layers.Dense(8)(x)]))", "in a nested model", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("a, b = keras.Input((8,)), keras.Input((4,))\n"
                "model = keras.Model([a, b], layers.Dense(2)(layers.Concatenate()([a, b])))", "both are used"),
        Example("a, b = keras.Input((8,)), keras.Input((4,))\nmodel = keras.Model([a, b], [layers.Dense(2)(a), b])",
                "one is handed through"),
        Example("a, b = keras.Input((8, 4)), keras.Input((8,), dtype='bool')\n"
                "model = keras.Model([a, b], layers.MultiHeadAttention(2, 4)(a, a, attention_mask=b[:, None, :]))",
                "a mask, by keyword"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        graphs = [("", case.model.graph)]
        graphs += [(f"{path}/", layer.inner) for path, _, layer in walk(case.model.graph) if layer.inner is not None]
        told: set[int] = set()
        for prefix, graph in graphs:
            if graph.kind != "functional" or not graph.built or id(graph) in told:
                continue
            told.add(id(graph))
            for name in unused_inputs(graph):
                yield self.finding(
                    f"the input {name!r} of {graph.name!r} has no part in any of its outputs",
                    layer=prefix + name,
                    hint=f"connect {name!r}, or take it out of the inputs of the model",
                )


def unused_inputs(graph: Graph) -> list[str]:
    """The inputs that no way leads to from an output."""
    stack = [(ref.layer, ref.call) for ref in graph.output_refs()]
    if not stack:
        return []
    reached = set(stack)
    while stack:
        name, call = stack.pop()
        layer = graph.by_name.get(name)
        if layer is None or call >= len(layer.calls):
            continue
        for ref in layer.calls[call].refs():
            if (ref.layer, ref.call) not in reached:
                reached.add((ref.layer, ref.call))
                stack.append((ref.layer, ref.call))
    names = {name for name, _ in reached}
    return [ref.layer for ref in graph.input_refs() if ref.layer not in names]
