"""Knowledge of the wrappers: one layer run both ways, at each time step, or with its kernel held in norm."""

from __future__ import annotations

from typing import Any

from ..graph import Unknown, flatten, map_structure
from ..knowledge import Example, Knowledge, NotKnown, Spec, Subject, WeightSpec
from .rnn import split_states, times

SEQUENCE = ((None, 5, 3),)
FOREIGN = {
    "TorchModuleWrapper": "its inside is a PyTorch module, of which the file holds only a pickle",
    "JaxLayer": "its inside is a JAX function, of which the file holds no code",
    "FlaxLayer": "its inside is a Flax module, of which the file holds no shapes",
    "TFSMLayer": "its inside is a SavedModel that stands outside the file",
}


def run_wrapped(inner: Subject, *args: Any) -> Any:
    """A wrapped layer's output, or the reason why it is not known."""
    result = inner.run(*args)
    if isinstance(result, Unknown):
        raise NotKnown(f"the {inner.class_name} it wraps is not known: {result.why}")
    return result


def recurrent(kind: str = "LSTM", **config: Any) -> Example:
    return Example(kind, {"units": 4, **config})


class Bidirectional(Knowledge):
    """A recurrent layer run forwards and backwards in time. Files of Keras 2 hold the backward layer only if given."""

    kinds = ("Bidirectional",)
    masking = True
    examples = (
        Example("Bidirectional", {"layer": recurrent()}, SEQUENCE),
        Example("Bidirectional", {"layer": recurrent("GRU", return_sequences=True), "merge_mode": "sum"}, SEQUENCE),
        Example("Bidirectional", {"layer": recurrent(return_state=True), "merge_mode": None}, SEQUENCE),
        Example(
            "Bidirectional",
            {"layer": recurrent("GRU"), "backward_layer": recurrent("GRU", use_bias=False, go_backwards=True)},
            SEQUENCE,
        ),
        Example(
            "Bidirectional",
            {"layer": Example("ConvLSTM1D", {"filters": 2, "kernel_size": 3}), "merge_mode": "concat"},
            ((None, 4, 9, 3),),
        ),
    )

    @staticmethod
    def shape(layer: Subject, sequences: Any, *_: Any, **__: Any) -> Any:
        forward, _backward = directions(layer)
        output: Any = run_wrapped(forward, split_states(sequences))
        states: tuple[Any, ...] = ()
        if forward.get("return_state"):
            output, *rest = output
            states = map_structure(lambda state: layer.spec(state.shape), tuple(rest))
        mode = layer.get("merge_mode", "concat")
        if mode is None:
            both = (layer.spec(output.shape),) * 2
            return (*both, *states, *states)
        width = output.shape[-1]
        if mode == "concat" and width is not None:
            width *= 2
        merged = layer.spec((*output.shape[:-1], width))
        return (merged, *states, *states) if forward.get("return_state") else merged

    @staticmethod
    def weights(layer: Subject, sequences: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        x = split_states(sequences)
        return [spec for direction in directions(layer) for spec in direction.built_weights(x)]

    @staticmethod
    def macs(layer: Subject, output: Any, sequences: Any, *_: Any, **__: Any) -> int | None:
        x = split_states(sequences)
        counts = [direction.count_macs(None, x) for direction in directions(layer)]
        return None if None in counts else sum(count for count in counts if count is not None)


def directions(layer: Subject) -> tuple[Subject, Subject]:
    """Both layers. Keras takes no wrapper and no model here, and each level of them would double the work."""
    forward = layer.wrapped("layer")
    backward = layer.wrapped("backward_layer") if layer.get("backward_layer") else forward
    for inner in (forward, backward):
        if inner.layer.inner is not None or "layer" in inner.layer.wraps:
            raise NotKnown(f"a {inner.class_name} is not a recurrent layer")
    return forward, backward


class TimeDistributed(Knowledge):
    """One layer or model applied to every time step."""

    kinds = ("TimeDistributed",)
    masking = True
    examples = (
        Example("TimeDistributed", {"layer": Example("Dense", {"units": 4})}, SEQUENCE),
        Example("TimeDistributed", {"layer": recurrent(return_sequences=True)}, ((None, 2, 5, 3),)),
        Example("TimeDistributed", {"layer": Example("Dense", {"units": 4, "trainable": False})}, ((2, None, 3),)),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        result = run_wrapped(layer.wrapped("layer"), one_step(inputs))
        steps = steps_of(inputs)
        return map_structure(lambda leaf: layer.spec((leaf.shape[0], steps, *leaf.shape[1:])), result)

    @staticmethod
    def weights(layer: Subject, inputs: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        return list(layer.wrapped("layer").built_weights(one_step(inputs)))

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Any, *_: Any, **__: Any) -> int | None:
        inner, step = layer.wrapped("layer"), one_step(inputs)
        return times(steps_of(inputs), inner.count_macs(run_wrapped(inner, step), step))


def one_step(inputs: Any) -> Any:
    """The input without its time axis; Keras 2 also takes structures of tensors."""
    if any(not isinstance(leaf, Spec) or leaf.rank < 2 for leaf in flatten(inputs)):
        raise NotKnown("TimeDistributed takes tensors with a time axis behind the batch axis")
    return map_structure(lambda leaf: Spec((leaf.shape[0], *leaf.shape[2:]), leaf.dtype), inputs)


def steps_of(inputs: Any) -> int | None:
    steps: int | None = flatten(inputs)[0].shape[1]
    return steps


class SpectralNormalization(Knowledge):
    """Keeps the spectral norm of a layer's kernel at one. The kernel counts as the wrapper's own weight."""

    kinds = ("SpectralNormalization",)
    examples = (
        Example("SpectralNormalization", {"layer": Example("Dense", {"units": 4})}, ((None, 3),)),
        Example("SpectralNormalization", {"layer": Example("Dense", {"units": 4, "use_bias": False})}, SEQUENCE),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Any:
        result = run_wrapped(layer.wrapped("layer"), inputs)
        return map_structure(lambda leaf: layer.spec(leaf.shape), result)

    @staticmethod
    def weights(layer: Subject, inputs: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        inner = layer.wrapped("layer")
        own = list(inner.built_weights(inputs))
        kernel = next((spec for spec in own if spec.name in ("kernel", "embeddings")), None)
        if kernel is None:
            raise NotKnown(f"the {inner.class_name} it wraps has neither kernel nor embeddings")
        own.remove(kernel)
        return [kernel, WeightSpec("vector_u", (1, kernel.shape[-1]), kernel.dtype, trainable=False), *own]

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Any, *_: Any, **__: Any) -> int | None:
        """Those of the wrapped layer: the power iteration belongs to training."""
        return layer.wrapped("layer").count_macs(output, inputs)


class Foreign(Knowledge):
    """Layers that run another framework's code: nothing of their inside is in the config."""

    kinds = tuple(FOREIGN)

    @staticmethod
    def shape(layer: Subject, *_: Any, **__: Any) -> Any:
        raise NotKnown(FOREIGN[layer.class_name])

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> list[WeightSpec]:
        raise NotKnown(FOREIGN[layer.class_name])

    @staticmethod
    def macs(layer: Subject, output: Any, *_: Any, **__: Any) -> int | None:
        raise NotKnown(FOREIGN[layer.class_name])
