"""The order of a functional model's layers, as Keras finds it when it builds the model from its tensors.

Keras keeps weights by a layer's class and its number in that order, and sorts anew whenever it loads a model: a file
whose config lists them in another order would give layers each other's weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..graph import Call, TensorRef

Node = tuple[str, int]  # a layer's name and the number of its call


def order_layers(calls: Mapping[str, Sequence[Call]], outputs: Iterable[TensorRef]) -> list[str]:
    """Names of the layers, furthest from the outputs first; at one depth in the order of a walk back from them.

    A layer's depth is the longest way from any of its calls to an output. The same in Keras 3 and tf_keras.
    """
    finished, met = walk_back(calls, outputs)
    depths: dict[Node, int] = {}
    of_layer: dict[str, int] = {}
    for node in reversed(finished):
        depth = max(depths.get(node, 0), of_layer.get(node[0], 0))
        depths[node] = of_layer[node[0]] = depth
        for ref in calls[node[0]][node[1]].refs():
            source = ref.layer, ref.call
            depths[source] = max(depth + 1, depths.get(source, 0))
    return sorted(of_layer, key=lambda name: (-of_layer[name], met[name]))


def walk_back(calls: Mapping[str, Sequence[Call]], outputs: Iterable[TensorRef]) -> tuple[list[Node], dict[str, int]]:
    """Every call after those it takes tensors from, and the layers numbered as they are met; without recursion."""
    finished: dict[Node, None] = {}
    met: dict[str, int] = {}
    for output in outputs:
        stack = [enter((output.layer, output.call), calls)]
        while stack:
            node, sources = stack[-1]
            met.setdefault(node[0], len(met))
            source = next((ref for ref in sources if (ref.layer, ref.call) not in finished), None)
            if source is None:
                stack.pop()
                finished.setdefault(node)
            else:
                stack.append(enter((source.layer, source.call), calls))
    return list(finished), met


def enter(node: Node, calls: Mapping[str, Sequence[Call]]) -> tuple[Node, Iterable[TensorRef]]:
    return node, iter(calls[node[0]][node[1]].refs())
