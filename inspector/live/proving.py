"""Whether a submodel gives what its parent gives inside: both run on the same seeded inputs, output by output.

The parent's side is Keras's own: a tensor of the loaded model is asked for through `Model(inputs, tensor)`, inside of a
nested model with what the call of that model gets, so that nothing here shares an error with the cut.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any

from ..errors import KinspectError
from .feeding import OPEN_SIZES, make_inputs
from .target import import_place

Say = Callable[[str], None]
ROUNDING, ROUNDING_OF_HALF = 1e-5, 1e-2  # some errors of float32, and of float16 or bfloat16
MISSING = re.compile(r"(?:Could not locate (?:class|function) |Unknown layer: )('[^']+')")
Place = Mapping[str, Any]  # scope: [[model, call], …], layer, call, output


def prove(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Load the parent and the submodel and compare them: see `compare`."""
    for place in request.get("custom", ()):
        say(f"importing {place}")
        import_place(place)
    say(f"loading {request['file']}")
    library, upgraded = request.get("library", "keras"), bool(request.get("upgraded"))
    parent = load(request["file"], library)
    say(f"loading {request['child']}")
    child = load(request["child"], "keras" if upgraded else library)
    say("comparing the outputs")
    return compare(parent, child, request["inputs"], request["outputs"], seed=int(request.get("seed", 0)))


def load(path: str, library: str) -> Any:
    """A saved model, as the library that wrote it reads it."""
    from importlib import import_module

    try:
        saving = import_module(library).saving
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return saving.load_model(path, compile=False)
    except Exception as error:
        text = " ".join(str(error).split())
        if (missing := MISSING.search(text)) is not None:
            hint = "give the file that defines and registers it: --custom FILE.py"
            raise KinspectError(f"{path}: {library} cannot load it: it does not know {missing[1]}", hint=hint) from None
        raise KinspectError(f"{path}: {library} cannot load it: {text}"[:1500]) from None


def compare(
    parent: Any, child: Any, inputs: Sequence[Place], outputs: Sequence[Place], *, seed: int = 0
) -> dict[str, Any]:
    """Run both: ``max_abs_diff`` over all outputs (None where it is no number), ``ok``, ``differences`` by place.

    ``inputs`` and ``outputs`` are the parent's tensors that stand for those of the child, in flat order. Open
    dimensions are tried at several sizes. Where parent and child are of two libraries, which compute some layers by
    other formulas, what rounding explains is let pass. Raises `KinspectError` where the parent runs at none of them.
    """
    oracle = Oracle(parent)
    error: Exception | None = None
    for size in OPEN_SIZES:
        fed = make_inputs(oracle.functional, size, seed)
        try:
            wanted = oracle.values(fed, [*inputs, *outputs])
            break
        except Exception as failed:  # whatever a layer says of a size it does not take
            error = failed
    else:
        text = " ".join(str(error).split())
        raise KinspectError(f"the parent does not run on generated inputs: {text}"[:1000]) from error
    given = run(child, wanted[: len(inputs)])
    rounds = library_of(parent) is not library_of(child)
    return judge(wanted[len(inputs) :], given, outputs, rounds=rounds)


def run(child: Any, values: Sequence[Any]) -> list[Any]:
    """The child's outputs in flat order for inputs in flat order."""
    tree = tree_of(child)
    functional = functional_of(child)
    reset_states(child)
    fed = tree.pack_sequence_as(input_structure(functional), [as_tensor(as_array(value)) for value in values])
    return list(tree.flatten(child(fed, training=False)))


def judge(
    wanted: Sequence[Any], given: Sequence[Any], places: Sequence[Place], *, rounds: bool = False
) -> dict[str, Any]:
    """The verdict on outputs beside those that are wanted; with ``rounds`` some rounding errors are let pass."""
    if len(wanted) != len(given):
        return {"max_abs_diff": None, "ok": False, "differences": [f"{len(given)} outputs, and not {len(wanted)}"]}
    worst, differences = 0.0, []
    for place, expected, got in zip(places, wanted, given, strict=True):
        name = "/".join([*(part for part, _ in place["scope"]), place["layer"]])
        expected, got = as_array(expected), as_array(got)
        if expected.shape != got.shape or expected.dtype != got.dtype:
            differences.append(f"{name}: {got.dtype}{list(got.shape)}, and not {expected.dtype}{list(expected.shape)}")
            continue
        difference = distance(expected, got)
        worst = max(worst, difference)
        if difference > (rounding(expected) if rounds else 0.0):
            differences.append(f"{name}: differs by {difference:g}")
    return {"max_abs_diff": worst if isfinite(worst) else None, "ok": not differences, "differences": differences}


def distance(expected: Any, got: Any) -> float:
    """The largest absolute difference; infinite where one is a number and the other none, or texts differ."""
    import numpy as np

    if not expected.size:
        return 0.0
    if expected.dtype.kind in "OSU" or expected.dtype.kind == "b":
        return 0.0 if bool((expected == got).all()) else float("inf")
    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    left, right = expected.astype(wide), got.astype(wide)
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(left - right))
    return float("inf") if np.isnan(apart).any() else float(apart.max())


def rounding(values: Any) -> float:
    """What the rounding of some operations in a row makes of numbers as large as these."""
    import numpy as np

    if not values.size or values.dtype.kind not in "fV":
        return 0.0
    part = ROUNDING if values.dtype.itemsize >= 4 else ROUNDING_OF_HALF
    return part * max(1.0, float(np.abs(values.astype(np.float64)).max()))


def as_array(value: Any) -> Any:
    """A tensor of any kind as an array."""
    import numpy as np

    if type(value).__name__ == "SparseTensor":
        import tensorflow as tf

        value = tf.sparse.to_dense(value)
    return np.asarray(value)


def as_tensor(array: Any) -> Any:
    """An array as a tensor of the backend, without the mask that Keras's tensors carry; texts are TensorFlow's."""
    if array.dtype.kind in "OSU":
        import tensorflow as tf

        return tf.constant(array, dtype=tf.string)
    import keras

    return keras.ops.convert_to_tensor(array)


class Oracle:
    """A loaded parent, asked for the values of its tensors by place."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.functional = functional_of(model)

    def values(self, fed: Any, places: Sequence[Place]) -> list[Any]:
        """The values at the places when the model gets ``fed``, each graph run once for all its tensors."""
        reset_states(self.model)
        groups: dict[tuple[Any, ...], list[int]] = {}
        for index, place in enumerate(places):
            groups.setdefault(tuple(map(tuple, place["scope"])), []).append(index)
        found: dict[int, Any] = {}
        for scope, indices in groups.items():
            functional, entering = self.enter(fed, scope)
            tensors = [self.tensor(functional, places[index]) for index in indices]
            found |= dict(zip(indices, self.run(functional, entering, tensors), strict=True))
        return [found[index] for index in range(len(places))]

    def enter(self, fed: Any, scope: tuple[Any, ...]) -> tuple[Any, Any]:
        """The model that a scope leads into, and what it is called with there."""
        functional, entering = self.functional, fed
        for name, call in scope:
            node = own_nodes(functional, name)[call]
            model = operation_of(node)
            arguments = first_argument(node)
            tree = tree_of(self.model)
            values = self.run(functional, entering, list(tree.flatten(arguments)))
            entering = tree.pack_sequence_as(arguments, values)
            functional = functional_of(model)
        return functional, entering

    def tensor(self, functional: Any, place: Place) -> Any:
        node = own_nodes(functional, place["layer"])[place["call"]]
        return tree_of(self.model).flatten(node.outputs if hasattr(node, "outputs") else node.output_tensors)[
            place["output"]
        ]

    def run(self, functional: Any, entering: Any, tensors: list[Any]) -> list[Any]:
        reset_states(self.model)
        library = library_of(self.model)
        inner = library.Model(input_structure(functional), tensors)
        result = inner(entering, training=False)
        return list(result) if isinstance(result, (list, tuple)) else [result]


def library_of(model: Any) -> Any:
    import sys

    name = next(base.__module__.partition(".")[0] for base in type(model).__mro__ if base.__name__ == "Model")
    return sys.modules[name]


def tree_of(model: Any) -> Any:
    library = library_of(model)
    if library.__name__ == "keras":
        return library.tree
    import tensorflow as tf

    return tf.nest


def functional_of(model: Any) -> Any:
    """The functional graph of a model: itself, or the one inside a Sequential of Keras 3."""
    return getattr(model, "_functional", None) or model


def input_structure(functional: Any) -> Any:
    structure = getattr(functional, "_inputs_struct", None)
    return functional._nested_inputs if structure is None else structure


def own_nodes(functional: Any, name: str) -> list[Any]:
    """The calls of a layer that belong to one graph, in their order."""
    found = [node for nodes in functional._nodes_by_depth.values() for node in nodes if operation_of(node).name == name]
    return sorted(found, key=lambda node: operation_of(node)._inbound_nodes.index(node))


def operation_of(node: Any) -> Any:
    return node.operation if hasattr(node, "operation") else node.layer


def first_argument(node: Any) -> Any:
    return node.arguments.args[0] if hasattr(node, "arguments") else node.call_args[0]


def reset_states(model: Any) -> None:
    """Recurrent layers that keep their states start anew, and random generators at one and the same state."""
    for layer in model._flatten_layers() if hasattr(model, "_flatten_layers") else ():
        if getattr(layer, "stateful", False) and hasattr(layer, "reset_states"):
            layer.reset_states()
        for generator in getattr(layer, "_seed_generators", ()):
            generator.state.assign([0] * generator.state.shape[0])
