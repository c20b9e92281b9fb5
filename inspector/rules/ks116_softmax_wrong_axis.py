"""KS116 softmax-wrong-axis."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.flow import Step
from ..analyses.output_heads import MOST, Head, passes, softmax_axis, unwrap
from ..analyses.roles import CONVOLUTIONS, DENSE
from ..graph import Spec
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

LAYERS_FIRST = "x = keras.Input((6, 8))\ny = layers.Softmax(axis=1)(layers.Dense(5)(x))\nmodel = keras.Model(x, y)\n"


class SoftmaxWrongAxis(Rule):
    """The softmax of an output runs along another axis than the classes.

    It makes the steps of a sequence, or the rows of a picture, add up to one, instead of the classes at each of them;
    the loss then reads numbers that are no probabilities. `Softmax` takes the last axis unless told otherwise; the
    crossentropies have an ``axis`` of their own, which must be the same.
    """

    code = "KS116"
    name = "softmax-wrong-axis"
    severity = "warning"
    needs = ("heads",)
    flags = (
        Example(f"{LAYERS_FIRST}model.compile('adam', 'sparse_categorical_crossentropy')", "along the steps"),
        Example("x = keras.Input((8, 8, 3))\n"
                "model = keras.Model(x, ops.softmax(layers.Conv2D(4, 1)(x), axis=1))\n"
                "model.compile('adam', keras.losses.CategoricalCrossentropy())", "an operation, along the rows"),
        Example(LAYERS_FIRST, "not compiled, in .h5", "model.h5"),
    )  # fmt: skip
    allows = (
        Example("x = keras.Input((6, 8))\ny = layers.Softmax(axis=2)(layers.Dense(5)(x))\nmodel = keras.Model(x, y)\n"
                "model.compile('adam', 'sparse_categorical_crossentropy')", "the last axis, counted from the front"),
        Example("x = keras.Input((3, 8, 8))\ny = layers.Conv2D(4, 1, data_format='channels_first')(x)\n"
                "model = keras.Model(x, layers.Softmax(axis=1)(y))\n"
                "model.compile('adam', keras.losses.CategoricalCrossentropy(axis=1))", "channels first"),
        Example("x = keras.Input((6, 8))\nw = layers.Softmax(axis=1)(layers.Dense(1)(x))\n"
                "y = layers.Dense(3, activation='softmax')(ops.sum(w * x, axis=1))\nmodel = keras.Model(x, [y, w])\n"
                "model.compile('adam', ['categorical_crossentropy', None])", "attention weights as a second output"),
        Example("x = keras.Input((8, 8, 3))\ny = layers.Softmax(axis=[1, 2])(layers.Conv2D(4, 1)(x))\n"
                "model = keras.Model(x, y)\nmodel.compile('adam', 'mse')", "maps of places, one each"),
        Example("x = keras.Input((6, 8))\ny = layers.Permute((2, 1))(layers.Softmax(axis=1)(layers.Dense(5)(x)))\n"
                "model = keras.Model(x, y)\nmodel.compile('adam', 'mse')", "moved afterwards"),
    )  # fmt: skip

    def check(self, case: Case) -> Iterator[Finding]:
        for head in case.heads or ():
            spec = head.step.spec
            if head.activation != "softmax" or not head.kept or not isinstance(spec, Spec) or spec.rank < 2:
                continue
            axis, classes = softmax_axis(head.step), axis_of_classes(head, spec, case.training is not None)
            if axis is None or classes is None or axis == classes:
                continue
            yield self.finding(
                f"{head.title} applies softmax along axis {axis} of {list(spec.shape)}, and the "
                f"{spec.shape[classes] or 'open number of'} classes are on axis {classes}",
                layer=head.step.path,
                hint="leave out axis: the softmax runs along the last one"
                if classes == spec.rank - 1 else f"use axis={classes}",
            )  # fmt: skip


def axis_of_classes(head: Head, spec: Spec, compiled: bool) -> int | None:
    """Where the loss finds the classes; without one, where the layer before puts its units."""
    losses = [loss for loss in head.losses if head.form_of(loss) == "categorical"]
    if losses:
        axis = losses[0].config.get("axis", -1)
        fits = isinstance(axis, int) and -spec.rank <= axis < spec.rank
        return axis % spec.rank if fits else None
    if compiled or not head.single or head.units in (None, 1):
        return None
    return spec.rank - 1 if has_units_last(head.step) else None


def has_units_last(step: Step) -> bool:
    """Whether the values come straight from a layer whose units, or filters, are its last axis."""
    for _ in range(MOST):
        source = step.source
        if source is None:
            return False
        if passes(source) == "keeps":
            step = source
            continue
        held = unwrap(source.layer)
        if held is None:
            return False
        first = held.config.get("data_format") == "channels_first"
        return held.class_name == "Dense" or (held.class_name in CONVOLUTIONS - DENSE and not first)
    return False
