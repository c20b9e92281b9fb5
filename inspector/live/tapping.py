"""Features of a model that has no graph: the whole model runs, and what chosen layers give on the way is kept.

The last resort: the file that comes of it holds every weight of the model and a function of TensorFlow.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

import keras

from ..errors import NotExtractable, UsageError
from .given import given_inputs
from .proving import judge
from .recovery.forward import call_arguments, first_run
from .recovery.inputs import InputSpec, random_inputs, recorded_inputs
from .user_errors import user_error

Say = Callable[[str], None]
Taps = dict[str, tuple[Any, int | None]]  # by label, a layer and the call that is meant
SEED, ENDPOINT = 0, "serve"


def tap(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Write a SavedModel whose function ``serve`` gives what the ``layers`` give, to ``draft``, and compare the two."""
    from .tasks import open_model

    model, _ = open_model(request, say)
    if keras.backend.backend() != "tensorflow":
        raise NotExtractable("layers are tapped with Keras's TensorFlow backend alone")
    given = given_inputs(model, request.get("inputs", ())) or recorded_inputs(model)
    if given is None:
        raise NotExtractable(f"{model.name!r} has no input shape yet", hint="give --input-shape")
    say(f"running {model.name}")
    spec, data = warmed(model, given)
    taps = find_taps(model, request["layers"])
    args, kwargs = random_inputs(data, SEED)
    flat = [keras.ops.convert_to_tensor(value) for value in keras.tree.flatten((args, kwargs))]
    wanted = features(model, data.mapped(lambda index, _: flat[index]), taps)
    say(f"tracing {model.name}")
    export(model, spec, taps, request["draft"])
    say("comparing the outputs")
    return compare(model, flat, wanted, request["draft"]) | {"layers": list(taps)}


def warmed(model: Any, given: InputSpec) -> tuple[InputSpec, InputSpec]:
    """Build the model by a run: the inputs with dtypes that work, and those that it ran on."""
    try:
        return first_run(model, given, SEED)
    except Exception as error:
        raise user_error(error, f"{model.name!r} does not run on generated inputs") from error


def find_taps(model: Any, names: Sequence[str]) -> Taps:
    """The layers that are asked for, by label: each with the number of the call that is meant, if one is said."""
    paths: dict[str, Any] = {}
    stack = [(layer.name, layer) for layer in reversed(model.layers)]
    while stack:
        path, layer = stack.pop()
        paths.setdefault(path, layer)
        inside = layer._flatten_layers(include_self=False, recursive=False)
        stack += [(f"{path}/{sub.name}", sub) for sub in reversed(list(inside))]
    found: Taps = {}
    for text in names:
        label, equals, path = text.partition("=")
        path, _, call = (path if equals else text).partition("@")
        hits = [known for known in paths if fnmatchcase(known, path)]
        if not hits or not (call.isdecimal() or not call):
            near = get_close_matches(path, list(paths), 3, 0.5)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"there are: {', '.join(paths)}"[:500]
            raise UsageError(f"{text!r} is no layer of the model", hint=hint)
        for hit in hits:
            found[label if equals and len(hits) == 1 else hit] = paths[hit], int(call) if call else None
    return found


class Enough(BaseException):
    """Every tapped call has given what it gives: nothing of the model needs to run any more."""


@contextlib.contextmanager
def captured(taps: Taps, *, stop: bool) -> Iterator[dict[int, list[Any]]]:
    """What the calls of the tapped layers give while inside, by the layer's id; with ``stop`` no more than is asked."""
    layers = {id(layer): layer for layer, _ in taps.values()}
    found: dict[int, list[Any]] = {key: [] for key in layers}

    def check() -> None:
        if stop and all(len(found[id(layer)]) > (number or 0) for layer, number in taps.values()):
            raise Enough

    for key, layer in layers.items():
        vars(layer)["call"] = recorder(layer.call, found[key], check)
    try:
        yield found
    except Enough:
        pass
    finally:
        for layer in layers.values():
            del vars(layer)["call"]


def recorder(call: Callable[..., Any], into: list[Any], check: Callable[[], None]) -> Callable[..., Any]:
    def record(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        into.append(outputs)
        check()
        return outputs

    return record


def features(model: Any, spec: InputSpec, taps: Taps, *, stop: bool = False) -> dict[str, Any]:
    """Run the model on the tensors of ``spec``: the flat outputs of the tapped calls, by label.

    With ``stop`` it runs only until it has them, so that what follows need not be traceable.
    """
    with captured(taps, stop=stop) as found:
        model(*spec.args, **spec.kwargs, **call_arguments(model))
    outputs: dict[str, Any] = {}
    for label, (layer, number) in taps.items():
        calls = found[id(layer)]
        if not calls or (number is not None and number >= len(calls)):
            times = f"{len(calls)} time{'s' * (len(calls) != 1)}"
            raise NotExtractable(f"{label!r} is called {times} when the model runs, counted from 0")
        if number is None and len(calls) > 1 and not stop:
            raise UsageError(f"{label!r} is called {len(calls)} times: say which call", hint=f"{label}@0")
        flat = keras.tree.flatten(calls[number or 0])
        outputs |= {label if len(flat) == 1 else f"{label}:{n}": tensor for n, tensor in enumerate(flat)}
    return outputs


def export(model: Any, spec: InputSpec, taps: Taps, folder: str) -> None:
    """Trace the model with its taps and write the function."""
    import tensorflow as tf

    def serve(*tensors: Any) -> dict[str, Any]:
        return features(model, spec.mapped(lambda index, _: tensors[index]), taps, stop=True)

    shapes = [leaf.shape if spec.fixed_batch else (None, *leaf.shape[1:]) for leaf in spec.flat()]
    dtypes = [leaf.dtype or "float32" for leaf in spec.flat()]
    signature = [
        tf.TensorSpec(shape, dtype, name=f"x{n}")
        for n, (shape, dtype) in enumerate(zip(shapes, dtypes, strict=True))
    ]  # fmt: skip
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(None):
            warnings.simplefilter("ignore")
            archive = keras.export.ExportArchive()
            archive.track(model)
            archive.add_endpoint(ENDPOINT, serve, input_signature=signature)
            archive.write_out(folder, verbose=False)
    except (NotExtractable, UsageError):
        raise
    except Exception as error:
        told = user_error(error, model.name)
        raise NotExtractable(f"{model.name!r} cannot be traced: {told.message}") from error


def compare(model: Any, entering: list[Any], wanted: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The record of what was written, with the proof: model and file on the same inputs."""
    import tensorflow as tf

    loaded = tf.saved_model.load(folder)  # its variables live as long as it does
    given = getattr(loaded, ENDPOINT)(*entering)
    places = [{"scope": [], "layer": label} for label in wanted]
    proof = judge(list(wanted.values()), [given[label] for label in wanted], places)
    return {
        "inputs": [describe(f"x{n}", tensor) for n, tensor in enumerate(entering)],
        "outputs": [describe(label, tensor) for label, tensor in wanted.items()],
        "weights": {"tensors": len(model.weights), "bytes": sum(v.numpy().nbytes for v in model.weights)},
        "proof": {"ran": True, **proof},
    }  # fmt: skip


def describe(name: str, tensor: Any) -> dict[str, Any]:
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return {"name": name, "from": name, "shape": [None, *tensor.shape[1:]], "dtype": dtype}
