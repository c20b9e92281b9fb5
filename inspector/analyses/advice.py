"""What would tell more of a part that is not known, and the signs that a file of a subclassed model does hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..graph import Layer, Model, Part, Reason, walk

LOADABLE = ("keras", "keras-dir", "h5")
SHAPE = "--input-shape SHAPE, such as 1,28,28,1"
SOME = 6


def advise(model: Model, part: Part, layer: Layer | None = None) -> str | None:
    """What to do to learn more of a part, or `None` where nothing more is to be had."""
    codes = {reason.code for reason in part.reasons}
    if model.format == "code":
        return f"give the shapes of its inputs: {SHAPE}" if "needs-inputs" in codes else None
    if part.verdict == "declared":
        return f"give its input shape: {SHAPE}" if "needs-inputs" in codes else None
    name = model.graph.class_name if layer is None else layer.class_name
    from_code = "name the code that builds the model: kinspect topology FILE.py:NAME"
    if "foreign-code" in codes or model.format not in LOADABLE or not name:
        return from_code if layer is None or layer.class_name else None
    module = model.graph.module if layer is None else layer.module
    place, which = ("FILE.py", f", FILE.py being where {name} is defined") if not is_module(module) else (module, "")
    asks = layer is None and not model.graph.build_config and all(flag.code != "models-apart" for flag in part.flags)
    shape = " --input-shape SHAPE" if asks else ""
    return f"open it live with its code: --live --custom {place}{shape}{which}"


def is_module(module: str | None) -> bool:
    """Whether a file's word for a module can stand in a command that people copy."""
    parts = (module or "").split(".")
    return module != "__main__" and all(part.isidentifier() and part.isascii() for part in parts)


def find_signs(model: Model, held: Sequence[str]) -> tuple[Reason, ...]:
    """What weights, build_config and their absence tell of a subclassed model whose calls the file does not hold.

    ``held`` names the whole models that its config holds.
    """
    if model.graph.kind != "subclassed":
        return ()
    signs = [*build_signs(model), *store_signs(model)]
    if len(held) > 1 and not model.graph.build_config:
        why = f"it holds {len(held)} whole models, {', '.join(held[:SOME])}, and nothing tells of a call through both"
        signs.insert(0, ("models-apart", f"{why}: models that are trained in turn, as in a GAN, make no single DAG"))
    return tuple(Reason(code, message) for code, message in signs)


def build_signs(model: Model) -> Iterator[tuple[str, str]]:
    """Keras 3 takes down the shapes of the first call it can trace, of its first positional argument alone."""
    config, built = model.graph.build_config, bool(model.weights and model.weights.tensors)
    if not config:
        if not built:
            yield "unbuilt", "no build_config and no weights: it was saved before its first call"
        else:
            why = "no build_config: its layers are built, and no call of the whole was traced"
            yield "never-traced", f"{why}, a sign of code that depends on data, or of a model without a call"
        return
    if "input_shape" not in config:
        return
    shape = config["input_shape"]
    if shape is None:
        yield "never-called", "build_config states no shape: it was built without a call, as Functional subclasses are"
    else:
        yield "first-call", f"its first call took {spell_shape(shape)} (dtypes and further arguments are not stored)"


def store_signs(model: Model) -> Iterator[tuple[str, str]]:
    """The layers that own weights, by the names the file stores, and what their shapes say of the inputs."""
    graph, index = model.graph, model.weights
    names = [layer.name for layer in graph.layers]
    if names:
        more = f" and {len(names) - SOME:,} more" if len(names) > SOME else ""
        yield "stored-layers", f"it holds {', '.join(names[:SOME])}{more}; which calls which is not stored"
    for path, _, layer in walk(graph):
        weights = index.by_layer.get(path, ()) if index else ()
        where = f"{path}/{weights[0].path}" if len(weights) == 1 and layer.inner is None else ""
        if "embedding" in where.lower() and len(weights[0].shape) == 2:
            rows, width = weights[0].shape
            why = f"{path} holds one matrix of {rows:,} × {width:,}, as an Embedding does, which takes integers"
            yield "integer-input", f"{why} below {rows:,}"


def spell_shape(shape: Any) -> str:
    """A shape as stored in build_config, in the lists and objects that the call took."""
    if isinstance(shape, Mapping):
        return "{" + ", ".join(f"{key}: {spell_shape(value)}" for key, value in shape.items()) + "}"
    if isinstance(shape, (list, tuple)):
        if any(isinstance(item, (list, tuple, Mapping)) for item in shape):
            return "[" + ", ".join(map(spell_shape, shape)) + "]"
        return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    return str(shape)
