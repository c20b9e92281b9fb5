"""KS501 non-finite-weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..analyses.tensor_values import TensorValues
from ..graph import Weight
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

Broken = list[tuple[Weight, TensorValues]]


class NonFiniteWeights(Rule):
    """Stored numbers that are NaN or infinite.

    One NaN in a kernel makes every output that it has a part in NaN, and so the loss, and after one step of training
    all weights. The model diverged before it was saved: a learning rate too high, a logarithm of 0, a loss in float16
    without scaling. Go back to a checkpoint before it; `keras.callbacks.TerminateOnNaN` stops the next run in time. In
    the optimizer's variables alone, the model predicts well and breaks as soon as it is trained again.

    Not said of a matrix of infinities and zeros alone, which is a mask.
    """

    code = "KS501"
    name = "non-finite-weights"
    severity = "error"
    needs = ("weights",)
    flags = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, name='broken'), layers.Dense(2)])\n"
                "kernel, bias = model.get_layer('broken').get_weights()\nkernel[3, 2] = np.nan\n"
                "model.get_layer('broken').set_weights([kernel, bias])", "one NaN in a kernel"),
        Example("x = keras.Input((8,))\ninner = keras.Sequential([layers.Input((8,)), layers.Dense(4)])\n"
                "model = keras.Model(x, inner(x))\nk, b = model.get_weights()\nb[0] = -np.inf\n"
                "model.set_weights([k, b])",
                "an infinite bias in a nested model", "model.h5"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, dtype='bfloat16')])\n"
                "k, b = model.get_weights()\nmodel.set_weights([k * np.nan, b])", "bfloat16, weights alone",
                "model.weights.h5"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.Dense(2)])", "fresh weights"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4, dtype='float16')])\n"
                "k, b = model.get_weights()\nmodel.set_weights([k * 0 + 65504, b - 65504])", "the ends of float16"),
        Example("model = keras.Sequential([layers.Input((8,)), layers.Dense(4), layers.Dense(2)])\n"
                "k, b, *rest = model.get_weights()\n"
                "model.set_weights([np.where(np.tri(8, 4), 0, -np.inf).astype('f4'), b, *rest])",
                "a causal mask as a constant", "model.weights.h5"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        index = case.weights
        if index is None:
            return
        states = {id(weight) for weight in index.optimizer}
        owners = {id(w): path for path, weights in index.by_layer.items() for w in weights if id(w) not in states}
        broken: dict[str | None, Broken] = {}
        for weight, values in find_broken(case, (w for w in index.tensors if id(w) not in states)):
            broken.setdefault(owners.get(id(weight)), []).append((weight, values))
        for path, found in broken.items():
            yield self.finding(
                f"{name_owner(path)}{describe(found)}",
                layer=path,
                pointer=found[0][0].path,
                hint="go back to a checkpoint from before the training diverged; TerminateOnNaN stops the next in time",
            )
        lost = list(find_broken(case, index.optimizer))
        if lost:
            yield self.finding(
                f"the optimizer: {describe(lost)}",
                pointer=lost[0][0].path,
                hint="compile the model anew before it is trained on, so that the optimizer starts afresh",
            )


def find_broken(case: Case, weights: Iterable[Weight]) -> Iterator[tuple[Weight, TensorValues]]:
    """Tensors with numbers that are not finite, masks left out."""
    for weight in weights:
        values = case.values(weight)
        if isinstance(values, TensorValues) and (values.nan or values.inf):
            mask = not values.nan and values.min in (0, None) and values.max in (0, None) and len(weight.shape) > 1
            if not mask:
                yield weight, values


def name_owner(path: str | None) -> str:
    return "" if path is None else f"layer {path!r}: "


def describe(found: Broken) -> str:
    """The first tensor with its figures, and how many more."""
    weight, values = found[0]
    counts = [f"{count:,} {what}" for count, what in ((values.nan, "NaN"), (values.inf, "infinite")) if count]
    more = f", and {len(found) - 1:,} more of its tensors are not finite" if len(found) > 1 else ""
    return f"{weight.path!r} holds {' and '.join(counts)} of {values.size:,} numbers{more}"
