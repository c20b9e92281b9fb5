"""TensorFlow calls in the graphs of Keras 2: ``TFOpLambda``, ``SlicingOpLambda`` and their kin.

The config holds the public name of the function (``math.add``, ``compat.v1.transpose``); its rule stands in
one of the tables of `tensorflow_math`, `tensorflow_arrays`, `tensorflow_slices` and `tensorflow_nn`.
"""

from __future__ import annotations

from typing import Any

from ...graph import Spec
from ...knowledge import Knowledge, NotKnown, Subject
from . import tensorflow_arrays, tensorflow_math, tensorflow_nn, tensorflow_slices
from .tensorflow_math import TensorRule
from .tensorflow_values import like

RULES: dict[str, TensorRule] = {
    **tensorflow_math.RULES,
    **tensorflow_arrays.RULES,
    **tensorflow_slices.RULES,
    **tensorflow_nn.RULES,
}


def both_dialects(*names: str) -> tuple[str, ...]:
    """A class by its name alone, as files of Keras 2 to 2.12 have it, and with the module that later ones add."""
    return (*names, *(f"tf_op_layer.{name}" for name in names), *(f"layers.{name}" for name in names))


def function_of(layer: Subject) -> str:
    name = layer["function"]
    if not isinstance(name, str):
        raise NotKnown("its config names no function")
    return name.removeprefix("tf.").removeprefix("compat.v1.")


class TensorFlowCall(Knowledge):
    """A TensorFlow function, called on the tensors of the graph."""

    kinds = both_dialects("TFOpLambda", "SlicingOpLambda")

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Any:
        name = function_of(layer)
        if name not in RULES:
            raise NotKnown(f"no shape rule for tf.{name}"[:200])
        return RULES[name](*args, **kwargs)

    @staticmethod
    def macs(layer: Subject, output: Any, *args: Any, **kwargs: Any) -> int | None:
        name = function_of(layer)
        if name in tensorflow_nn.MACS:
            found = tensorflow_nn.MACS[name](output, *args, **kwargs)
        elif name in tensorflow_math.MACS:
            found = tensorflow_math.MACS[name](*args, **kwargs)
        elif name in RULES:
            return 0
        else:
            raise NotKnown(f"whether tf.{name} multiplies matrices is not known"[:200])
        return None if found is None else int(found)


class RaggedCall(Knowledge):
    """Methods and properties of ragged and sparse tensors; a file does not say what their parts look like."""

    kinds = both_dialects("ClassMethod", "InstanceMethod", "InstanceProperty")

    @staticmethod
    def shape(layer: Subject, *args: Any, **_: Any) -> Spec:
        name = layer.get("attr_name") or layer.get("method_name")
        if name in ("to_tensor", "to_sparse") and args and isinstance(args[0], Spec):
            return like(args[0])
        raise NotKnown(f"the parts of a ragged or sparse tensor ({name}) have no shape in the file"[:200])
