"""Knowledge of layers that only older files hold: Keras 1, and what Keras 3 dropped from Keras 2."""

from __future__ import annotations

from typing import Any, ClassVar

from ..knowledge import Knowledge, NotKnown, Spec, Subject, WeightSpec, product, whole
from .rnn import Recurrent, RecurrentCell, gates_of, run_cell, split_states, units_of

OPAQUE = {
    "AbstractRNNCell": "it is an abstract class",
    "CategoryCrossing": "the width of its output depends on the data",
    "DenseFeatures": "it is made of TensorFlow feature columns, which the config does not describe in full",
    "DynamicEmbedding": "its vocabulary changes while it trains",
    "DynamicLookup": "its vocabulary changes while it trains",
    "FeatureSpace": "its features have widths that are known only once it has seen data",
    "LinearModel": "it is a model that builds its layers when called",
    "SequenceFeatures": "it is made of TensorFlow feature columns, which the config does not describe in full",
    "WideDeepModel": "it is a model that builds its layers when called",
}


class RecurrentByVersion(Recurrent):
    """The recurrent layers under the names TensorFlow gave to their two versions."""

    kinds = ("LSTMV1", "LSTMV2", "GRUV1", "GRUV2")
    examples = ()


class CellByVersion(RecurrentCell):
    """The recurrent cells under the names TensorFlow gave to their two versions."""

    kinds = ("LSTMCellV1", "LSTMCellV2", "GRUCellV1", "GRUCellV2")
    examples = ()


class CuDNNRecurrent(Recurrent):
    """The GPU-only layers of Keras 2: as LSTM and GRU, with a bias for the input and one for the state."""

    kinds = ("CuDNNLSTM", "CuDNNGRU")
    masking = False
    examples = ()

    @staticmethod
    def weights(layer: Subject, sequences: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        units, gates = units_of(layer), gates_of(layer)
        return [
            layer.weight("kernel", (split_states(sequences).shape[-1], gates * units)),
            layer.weight("recurrent_kernel", (units, gates * units)),
            layer.weight("bias", (2 * gates * units,)),
        ]


class PeepholeCell(RecurrentCell):
    """An LSTM cell whose gates also see the carried state, each unit its own."""

    kinds = ("PeepholeLSTMCell",)
    examples = ()

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        peepholes = [layer.weight(f"{gate}_gate_peephole_weights", (units_of(layer),)) for gate in PEEPHOLES]
        return [*RecurrentCell.weights(layer, inputs), *peepholes]


PEEPHOLES = ("input", "forget", "output")


class CellWrapper(Knowledge):
    """Cells that pass another cell's output on: with the input added, with dropout, on a device."""

    kinds = ("ResidualWrapper", "DropoutWrapper", "DeviceWrapper")

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Any:
        return run_cell(layer.wrapped("cell"), inputs)

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        return list(layer.wrapped("cell").built_weights(inputs))

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return layer.wrapped("cell").count_macs(output, inputs)


class Merge(Knowledge):
    """The one merging layer of Keras 1: ``mode`` says how. Its own functions are code, which a file holds as bytes."""

    kinds = ("Merge",)

    @staticmethod
    def shape(layer: Subject, inputs: Any, *_: Any, **__: Any) -> Spec:
        tensors = several(inputs)
        mode, first = layer.get("mode", "sum"), tensors[0]
        if mode in ("sum", "mul", "ave", "max"):
            return layer.spec(first.shape)
        if mode == "concat":
            axis = layer.get("concat_axis", -1) % first.rank
            sizes = [tensor.shape[axis] for tensor in tensors]
            joined = None if None in sizes else sum(size or 0 for size in sizes)
            return layer.spec((*first.shape[:axis], joined, *first.shape[axis + 1 :]))
        if mode not in ("dot", "cos"):
            raise NotKnown("its mode is a function, which is not read")
        left, right = dot_axes(layer, tensors)
        rest = (*without(first.shape, left), *without(tensors[1].shape, right)[1:])
        return layer.spec(rest if len(rest) > 1 else (*rest, 1))

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Any, *_: Any, **__: Any) -> int | None:
        """One product for ``dot`` and ``cos``; the other modes are element-wise."""
        if layer.get("mode", "sum") not in ("dot", "cos"):
            return 0
        tensors = several(inputs)
        left, _right = dot_axes(layer, tensors)
        return product((*output.shape[1:], tensors[0].shape[left]))


def several(inputs: Any) -> list[Spec]:
    if not isinstance(inputs, (list, tuple)) or isinstance(inputs, Spec) or len(inputs) < 2:
        raise NotKnown("it takes a list of at least two tensors")
    return list(inputs)


def without(shape: tuple[int | None, ...], axis: int) -> tuple[int | None, ...]:
    return (*shape[:axis], *shape[axis + 1 :])


def dot_axes(layer: Subject, tensors: list[Spec]) -> tuple[int, int]:
    axes = layer.get("dot_axes", -1)
    left, right = axes if isinstance(axes, (list, tuple)) else (axes, axes)
    return left % tensors[0].rank, right % tensors[1].rank


class TimeDistributedDense(Knowledge):
    """A Dense at each time step, from before ``TimeDistributed``."""

    kinds: ClassVar[tuple[str, ...]] = ("TimeDistributedDense",)
    masking = True

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec((*inputs.shape[:-1], whole(layer["output_dim"], "output_dim")))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        units = whole(layer["output_dim"], "output_dim")
        specs = [layer.weight("W", (inputs.shape[-1], units))]
        return [*specs, layer.weight("b", (units,))] if layer.get("bias", True) else specs

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], layer["output_dim"]))


class MaxoutDense(TimeDistributedDense):
    """The largest of ``nb_feature`` linear maps, unit by unit."""

    kinds = ("MaxoutDense",)
    masking = False

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        units, maps = whole(layer["output_dim"], "output_dim"), whole(layer["nb_feature"], "nb_feature")
        specs = [layer.weight("W", (maps, inputs.shape[-1], units))]
        return [*specs, layer.weight("b", (maps, units))] if layer.get("bias", True) else specs

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], layer["output_dim"], layer["nb_feature"]))


class Highway(Knowledge):
    """A dense layer and a gate that lets its input pass."""

    kinds = ("Highway",)

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec(inputs.shape)

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        width = inputs.shape[-1]
        specs = [layer.weight(name, (width, width)) for name in ("W", "W_carry")]
        return (
            [*specs, *(layer.weight(name, (width,)) for name in ("b", "b_carry"))] if layer.get("bias", True) else specs
        )

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], inputs.shape[-1], 2))


class RandomSize(Knowledge):
    """Stretches images to a height or a width that is drawn anew for every batch."""

    kinds = ("RandomHeight", "RandomWidth")

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        axis = inputs.rank - (3 if layer.class_name == "RandomHeight" else 2)
        return layer.spec((*inputs.shape[:axis], None, *inputs.shape[axis + 1 :]))


class RandomFourierFeatures(Knowledge):
    """A fixed random projection whose cosine approximates a kernel; only its scale can be trained."""

    kinds = ("RandomFourierFeatures",)

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec((*inputs.shape[:-1], whole(layer["output_dim"], "output_dim")))

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        width = whole(layer["output_dim"], "output_dim")
        return [
            layer.weight("kernel_scale", (1,), dtype="float32"),
            layer.weight("unscaled_kernel", (inputs.shape[-1], width), trainable=False, dtype="float32"),
            layer.weight("bias", (width,), trainable=False, dtype="float32"),
        ]

    @staticmethod
    def macs(layer: Subject, output: Spec, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return product((*inputs.shape[1:], layer["output_dim"]))


class Opaque(Knowledge):
    """Keras's own classes of which the config says too little."""

    kinds = tuple(OPAQUE)

    @staticmethod
    def shape(layer: Subject, *_: Any, **__: Any) -> Any:
        raise NotKnown(OPAQUE[layer.class_name])

    @staticmethod
    def weights(layer: Subject, *_: Any, **__: Any) -> list[WeightSpec]:
        raise NotKnown(OPAQUE[layer.class_name])

    @staticmethod
    def macs(layer: Subject, output: Any, *_: Any, **__: Any) -> int | None:
        raise NotKnown(OPAQUE[layer.class_name])
