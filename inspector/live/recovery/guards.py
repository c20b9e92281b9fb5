"""What must hold before a graph is called recovered, each checked on the live model."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import keras

from .attempts import Attempt, traced
from .flags import noted
from .forward import Run, run
from .graph import CONTROL, class_name, direct_variables, own_nodes, signature
from .inputs import InputSpec, random_inputs
from .reasons import classify, first_line, reason_at, reason_for_class
from .records import Check, Proof, Reason
from .state import variables_kept

_TRACES = 3


def structural(model: Any, attempt: Attempt) -> Check:
    """The guards that need no data: control nodes, traces that agree, the training graph, side effects."""
    check = same_again(model, attempt) + closures(attempt) + noted(model, attempt)
    return check + training_graph(model, attempt)


def same_again(model: Any, attempt: Attempt) -> Check:
    """Further traces must give the same graph; code that draws from a global generator is traced more often."""
    expected = signature(attempt.functional)
    for number in range(4 * _TRACES if attempt.drew else 1):
        again = _second(model, attempt, draw=number if attempt.drew else None)
        if isinstance(again, Reason):
            return Check((again,))
        if again != expected:
            return Check((_unsteady(model, again, expected),))
    if attempt.drew:
        message = "call() draws from Python's or NumPy's global generator; the graph keeps what this trace drew"
        return Check((reason_for_class("stochastic-values", message, type(model)),))
    return Check()


def _unsteady(model: Any, one: list[Any], other: list[Any]) -> Reason:
    """Two traces that differ: in the calls, or only in values that `call` computes outside the graph."""
    if [row[:2] for row in one[:-1]] == [row[:2] for row in other[:-1]] and one[-1] == other[-1]:
        message = "call() computes a value outside the graph that differs from run to run; the graph keeps one of them"
        return reason_for_class("stochastic-values", message, type(model))
    message = "two traces of call() give two different graphs"
    return reason_for_class("stochastic-structure", message, type(model))


def _second(model: Any, attempt: Attempt, training: bool = False, draw: int | None = None) -> list[Any] | Reason:
    try:
        other = traced(model, replace(attempt.plan, training=training, draw=draw))
    except Exception as error:
        return classify(error)[0]
    found = signature(other.functional)
    other.trace.forget()
    return found


def closures(attempt: Attempt) -> Check:
    """`ops.cond` and its like hide layers in functions; one that holds tensors of the graph cannot run in it."""
    places = {id(call.node): call.place for call in attempt.trace.calls}
    flags = []
    for node in own_nodes(attempt.functional):
        if type(node.operation).__name__ in CONTROL:
            message = f"{class_name(node.operation)} runs functions of its own, whose insides the graph does not show"
            flags.append(reason_at("control-flow-closure", message, places.get(id(node))))
    return Check((), tuple(flags))


def open_sizes(attempt: Attempt) -> Reason | None:
    """The first operation that was given an open dimension as a size, such as `broadcast_to(x, (None, 4))`.

    Such a graph is made without complaint and does not run.
    """
    for call in attempt.trace.calls:
        operation = call.node.operation
        if isinstance(operation, keras.Layer):
            continue
        sizes = (getattr(operation, name, ()) for name in ("shape", "newshape", "repeats", "num_segments"))
        if any(isinstance(size, list | tuple) and None in size for size in sizes):
            message = f"a dimension that is not known is used as a size by {class_name(operation)}"
            return reason_at("unknown-dimension-arithmetic", message, call.place)
        if getattr(operation, "num_segments", 0) is None:
            message = f"a dimension that is not known is used as a number of segments by {class_name(operation)}"
            return reason_at("unknown-dimension-arithmetic", message, call.place)
    return None


def training_graph(model: Any, attempt: Attempt) -> Check:
    """Says so when call(training=True) is another graph; what is recovered is the one for inference."""
    if not getattr(model, "_call_has_training_arg", False) or attempt.drew:
        return Check()
    mine = signature(attempt.functional)
    other = _second(model, attempt, training=True)
    if isinstance(other, Reason):
        return Check(
            (), (replace(other, code="training-only-branch", message=f"call(training=True): {other.message}"),)
        )
    if other == mine:
        return Check()
    told = [f"{len(rows) - 1} calls, {len(rows[-1])} outputs" for rows in (other, mine)]
    message = f"call(training=True) is another graph: {told[0]}; this one: {told[1]}"
    return Check((), (reason_for_class("training-only-branch", message, type(model)),))


def numerical(model: Any, attempt: Attempt, data: InputSpec, seed: int, reference: list[Run]) -> tuple[Proof, Check]:
    """Runs both on the same data from the same state, and looks whether weights out of the graph matter.

    `reference` keeps the model's own run, for the next graph of the same model.
    """
    args, kwargs = random_inputs(data, seed)
    if not reference:
        try:
            reference.append(run(model, args, kwargs, seed))
        except Exception as error:
            message = f"the model fails on random data: {type(error).__name__}: {first_line(str(error))}"
            return Proof(False, compared=message), Check((reason_for_class("not-compared", message, type(model)),))
    expected = reference[0]
    given = args[0] if len(args) == 1 and not kwargs else [*args, *kwargs.values()]
    closed = [f.code for f in closures(attempt).flags]
    try:
        got = run(attempt.functional, [given], {}, seed)
        difference = _difference(expected.outputs, got.outputs)
        if difference != 0 and _reseed_backend(seed):
            expected = run(model, args, kwargs, seed)
            _reseed_backend(seed)
            difference = _difference(expected.outputs, run(attempt.functional, [given], {}, seed).outputs)
    except Exception as error:
        message = f"the graph does not run: {type(error).__name__}: {first_line(str(error))}"
        against = replace(closures(attempt).flags[0], message=message) if closed else Reason("outputs-differ", message)
        return Proof(True, False, compared=message), Check((against,))
    draws = _draws(attempt, expected)
    if draws and difference != float("inf"):
        mine = run(model, args, kwargs, seed, again=True).outputs
        its = run(attempt.functional, [given], {}, seed, again=True).outputs
        difference = max(difference, _difference(mine, its))
    proof = _proof(expected, difference, data, model)
    check = _stochastic(model, attempt) if draws else Check()
    if not proof.ok:
        check += Check((_why_different(attempt, proof),))
    return proof, check + _missing_weights(model, attempt, args, kwargs, expected, seed)


def _reseed_backend(seed: int) -> bool:
    """Seeds TensorFlow's own generator, which nothing but `tf.random` functions uses; False on other backends."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    tf.random.set_seed(seed)
    return True


def _difference(expected: list[Any], got: list[Any]) -> float:
    """The largest absolute difference over all outputs; infinite where structure, shape or NaNs differ."""
    import numpy as np

    if len(expected) != len(got):
        return float("inf")
    worst = 0.0
    for a, b in zip(expected, got, strict=True):
        if a.shape != b.shape:
            return float("inf")
        a, b = np.asarray(a, "float64"), np.asarray(b, "float64")
        if not np.array_equal(np.isnan(a), np.isnan(b)):
            return float("inf")
        with np.errstate(invalid="ignore"):
            delta = np.where((a == b) | np.isnan(a), 0.0, np.abs(a - b))
        worst = max(worst, float(delta.max(initial=0.0)))
    return worst


def _proof(expected: Run, difference: float, data: InputSpec, model: Any) -> Proof:
    import numpy as np

    scale = max(
        (float(np.abs(np.nan_to_num(np.asarray(x, "float64"))).max(initial=0.0)) for x in expected.outputs), default=0.0
    )
    low = any(x.dtype.itemsize < 4 for x in expected.outputs if x.dtype.kind not in "biu")
    low = low or "16" in str(getattr(model, "compute_dtype", ""))
    tolerance = (1e-2 if low else 1e-5) * max(scale, 1.0)
    shapes = ", ".join(f"{leaf.dtype or 'float32'}{list(leaf.shape)}" for leaf in data.flat())
    compared = f"{len(expected.outputs)} output(s) of the model and of the graph on random {shapes}, training=False"
    finite = None if difference == float("inf") else difference
    return Proof(True, difference <= tolerance, finite, tolerance, compared)


def _why_different(attempt: Attempt, proof: Proof) -> Reason:
    worst = "in structure, shape or NaNs" if proof.max_abs_diff is None else f"by up to {proof.max_abs_diff:.3g}"
    for variable, _, place in attempt.trace.assigned.values():
        if "seed" in variable.path:
            told = f"outputs differ {worst}: the graph keeps the random numbers drawn while it was traced"
            return reason_at("stochastic-values", told, place)
        return reason_at("side-effect", f"outputs differ {worst}: call() assigns what it then uses", place)
    return reason_for_class(
        "outputs-differ", f"the graph's outputs differ from the model's {worst}", type(attempt.trace.root)
    )


def _draws(attempt: Attempt, expected: Run) -> bool:
    """Whether a run draws random numbers: then a second run right after the first must agree as well."""
    return bool(attempt.trace.draws or expected.drew or any("seed" in v.path for v in expected.assigned))


def _stochastic(model: Any, attempt: Attempt) -> Check:
    message = "the forward pass is stochastic; compared over two runs with all seeds reset"
    if attempt.trace.draws:
        name, place = attempt.trace.draws[0]
        return Check((), (reason_at("stochastic-values", f"{message} ({name})", place),))
    return Check((), (reason_for_class("stochastic-values", message, type(model)),))


def _missing_weights(
    model: Any, attempt: Attempt, args: list[Any], kwargs: dict[str, Any], expected: Run, seed: int
) -> Check:
    """Weights the graph does not hold: flagged when the outputs do not depend on them, a failure when they do."""
    missing = unreached(model, attempt)
    if not missing:
        return Check()
    with variables_kept():
        for variable in missing:
            variable.assign(_moved(variable))
        with contextlib.suppress(Exception):
            moved = run(model, args, kwargs, seed)
            if _difference(expected.outputs, moved.outputs) == 0:
                return Check((), (_unreached_reason(missing, attempt, "nothing in the outputs depends on them"),))
    return Check((_unreached_reason(missing, attempt, "the outputs depend on them"),))


def unreached(model: Any, attempt: Attempt) -> list[Any]:
    """The model's weights that neither a layer nor an operation of the graph holds."""
    held = {id(w) for w in attempt.functional.weights} | set(direct_variables(attempt.functional))
    return [w for w in model.weights if id(w) not in held]


def _moved(variable: Any) -> Any:
    import numpy as np

    value = keras.ops.convert_to_numpy(variable.value)
    if value.dtype == bool:
        return ~value
    noise = np.random.default_rng(1).normal(size=value.shape) + 1.0
    return (value + noise).astype(value.dtype) if value.dtype.kind == "f" else value + 1


def _unreached_reason(missing: list[Any], attempt: Attempt, clause: str) -> Reason:
    paths = ", ".join(w.path for w in missing[:8]) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
    places = [attempt.trace.constants[id(w)][1] for w in missing if id(w) in attempt.trace.constants]
    verb = "is" if len(missing) == 1 else "are"
    return reason_at("weights-unreached", f"{paths} {verb} not in the graph; {clause}", places[0] if places else None)
