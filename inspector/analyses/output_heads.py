"""What makes each output of a model: the activation behind the layers that only move values, and what trains it."""

from __future__ import annotations

from typing import NamedTuple

from ..graph import Layer, Spec
from .compile_arguments import Named
from .flow import Flow, Step, Tensor
from .loss_names import BINARY, CATEGORICAL
from .roles import ACTIVATION_LAYERS, DROPOUTS, KERNELS, LINEAR, RECURRENT, TF_ACTIVATIONS, activation_of, is_own
from .training import Training

MOST = 64  # steps behind an output that are looked at
ACTIVATIONS = frozenset(ACTIVATION_LAYERS.values()) | {
    "linear", "squareplus", "soft_shrink", "tanh_shrink", "sparse_sigmoid", "hard_shrink",
}  # fmt: skip
PROBABILITIES = frozenset({"softmax", "sigmoid", "hard_sigmoid", "sparsemax", "sparse_sigmoid"})
# Layers and operations that give the same values in the same order, at training or at inference.
KEEPS = DROPOUTS | {"Activation", "Identity", "ActivityRegularization", "Rename", "Cast", "StopGradient", "Copy"}
# Those that move values, leave some out or average them: what held of every value holds of theirs.
MOVES = frozenset(
    {"Reshape", "Flatten", "Permute", "RepeatVector", "ExpandDims", "Squeeze", "Transpose", "Swapaxes", "Moveaxis",
     "Ravel", "GetItem", "Take", "Split", "Unstack", "Flip", "Mean", "SlicingOpLambda", "BroadcastTo", "Tile",
     *(f"{kind}{rank}D" for kind in ("GlobalAveragePooling", "AveragePooling", "UpSampling", "Cropping")
       for rank in (1, 2, 3)),
     *(f"GlobalAvgPool{rank}D" for rank in (1, 2, 3))}
)  # fmt: skip
JOINS = frozenset({"Concatenate", "Average", "Maximum", "Minimum", "Stack"})
TF_KEEPS = frozenset({"cast", "identity", "stop_gradient"})
TF_MOVES = frozenset(
    {"reshape", "squeeze", "compat.v1.squeeze", "expand_dims", "transpose", "compat.v1.transpose", "math.reduce_mean"}
)  # fmt: skip


class Head(NamedTuple):
    """One output. ``activation`` is Keras's name for what its values went through last, `None` where not known.

    ``step`` is the call that applied it. ``kept`` says that nothing behind it moved, joined or averaged the values.
    """

    tensor: Tensor
    name: str
    key: str | None
    activation: str | None
    step: Step
    kept: bool
    losses: list[Named]
    metrics: list[Named]
    single: bool

    @property
    def units(self) -> int | None:
        """The size of the last axis, `None` where it is open or the shape is not known."""
        spec = self.tensor.spec
        return spec.shape[-1] if isinstance(spec, Spec) and spec.rank > 1 else None

    @property
    def rank(self) -> int | None:
        spec = self.tensor.spec
        return spec.rank if isinstance(spec, Spec) else None

    def loss_axis(self, loss: Named) -> int | None:
        """The size of the axis that a loss takes the classes from."""
        axis, spec = loss.config.get("axis", -1), self.tensor.spec
        if not isinstance(spec, Spec) or isinstance(axis, bool) or not isinstance(axis, int) or spec.rank < 2:
            return None
        return spec.shape[axis] if -spec.rank <= axis < spec.rank else None

    def form_of(self, loss: Named) -> str | None:
        """``binary`` or ``categorical`` of a crossentropy; `None` of any other loss."""
        if not loss.own:
            return None
        if loss.name == "crossentropy":  # the word, which Keras reads by the shape
            return None if self.units is None else "binary" if self.units == 1 else "categorical"
        return "categorical" if loss.name in CATEGORICAL else "binary" if loss.name in BINARY else None

    @property
    def title(self) -> str:
        """How a message calls the layer that makes the values."""
        return f"{self.step.class_name} {self.step.layer.name!r}"


def find_heads(flow: Flow, training: Training | None) -> list[Head]:
    """Every output of a model in Keras's order, each with the losses and metrics it was compiled with."""
    count = len(flow.outputs)
    nothing: list[list[Named]] = [[] for _ in range(count)]
    if training is None or not flow.is_flat:
        losses = metrics = nothing
    else:
        losses = training.losses_for(flow.output_names, flow.output_keys)
        metrics = training.metrics_for(flow.output_names, flow.output_keys)
    heads = []
    for index, tensor in enumerate(flow.outputs):
        activation, step, kept = trace(tensor)
        name, key = flow.output_names[index], flow.output_keys[index]
        heads.append(Head(tensor, name, key, activation, step, kept, losses[index], metrics[index], count == 1))
    return heads


def trace(tensor: Tensor) -> tuple[str | None, Step, bool]:
    """Back from a tensor to the activation of its values, through what only moves them.

    Behind a join the answer is what all its branches agree on. Bounded: a file may chain any number of reshapes.
    """
    stack, seen, kept = [tensor], 0, True
    found: list[tuple[str | None, Step]] = []
    while stack and seen < MOST:
        seen += 1
        one = stack.pop()
        way = passes(one.step)
        if way is None or not one.step.sources:
            found.append((end_at(one), one.step))
            continue
        kept = kept and way == "keeps"
        stack.extend(one.step.sources if way == "joins" else one.step.sources[:1])
    if stack or not found:
        return None, tensor.step, False
    names = {name for name, _ in found}
    return (names.pop() if len(names) == 1 else None), found[0][1], kept and len(found) == 1


def passes(step: Step) -> str | None:
    """How a step hands values on: it ``keeps``, ``moves`` or ``joins`` them; `None` where it makes new ones."""
    layer, name = step.layer, step.class_name
    if layer.kind == "operation":
        if name == "TFOpLambda":
            function = tf_function(layer)
            return "keeps" if function in TF_KEEPS else "moves" if function in TF_MOVES else None
    elif not is_own(layer):
        return None
    if name == "Activation":
        return "keeps" if activation_of(layer) == LINEAR else None
    return "keeps" if name in KEEPS else "moves" if name in MOVES else "joins" if name in JOINS else None


def end_at(tensor: Tensor) -> str | None:
    """The activation of the step that makes values anew; `None` where it is none that is known."""
    step = tensor.step
    layer: Layer = step.layer
    if layer.kind == "operation":
        made = TF_ACTIVATIONS.get(tf_function(layer)) if step.class_name == "TFOpLambda" else None
        return made or ACTIVATION_LAYERS.get(step.class_name)
    inner = unwrap(layer)
    if inner is None or not is_own(inner):
        return None
    name = inner.class_name
    if name in ACTIVATION_LAYERS or name == "Activation":
        found = activation_of(inner)
        top = inner.config.get("max_value")
        if name == "ReLU" and isinstance(top, (int, float)) and top <= 1:
            return None  # between 0 and 1
    elif name in KERNELS:
        found = activation_of(inner)
    elif name in RECURRENT and tensor.output == 0:
        found = activation_of(inner)
        if name != "SimpleRNN" and found in PROBABILITIES | {LINEAR}:
            return None  # a gate is multiplied with it
    else:
        return None
    return found if found in ACTIVATIONS else None


def unwrap(layer: Layer) -> Layer | None:
    """The layer that does the work; `None` where a wrapper holds a model."""
    for _ in range(MOST):
        if layer.class_name != "TimeDistributed":
            return layer if layer.inner is None else None
        held = layer.wraps.get("layer")
        if not isinstance(held, Layer) or not is_own(layer):
            return None
        layer = held
    return None


def tf_function(layer: Layer) -> str:
    return str(layer.config.get("function", "")).removeprefix("tf.")


def softmax_axis(step: Step) -> int | None:
    """The axis that a softmax runs along, counted from the front; `None` where it is not one known axis."""
    spec = step.spec
    if not isinstance(spec, Spec) or not spec.rank:
        return None
    held = unwrap(step.layer)
    axis = -1
    if step.class_name == "TFOpLambda":
        axis = step.kwargs.get("axis", -1)
    elif held is not None and held.class_name == "Softmax":
        axis = held.config.get("axis", -1)
    axis = -1 if axis is None else axis
    if isinstance(axis, bool) or not isinstance(axis, int) or not -spec.rank <= axis < spec.rank:
        return None
    if step.class_name == "TimeDistributed" and axis >= 0:
        axis += 1
    return axis % spec.rank


__all__ = ["PROBABILITIES", "Head", "end_at", "find_heads", "passes", "softmax_axis", "trace", "unwrap"]
