"""Knowledge of the recurrent layers: cells, stacks of cells, and the layers that loop a cell over time."""

from __future__ import annotations

from typing import Any, ClassVar

from ..graph import Unknown, map_structure
from ..knowledge import Example, Knowledge, NotKnown, Spec, Subject, WeightSpec

GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}
FEATURES = ((None, 5, 3),)
STATE, WIDE = Spec((None, 4)), Spec((None, 6))
CELLS = [Example("LSTMCell", {"units": 4}), Example("GRUCell", {"units": 6})]


def units_of(layer: Subject) -> int:
    """The width of the state; Keras 1 calls it ``output_dim``."""
    units: int = layer["units"] if "units" in layer.config else layer["output_dim"]
    return units


def gates_of(layer: Subject) -> int:
    """Matrices held side by side in a kernel, for any of the names a class has had (``LSTMCell``, ``CuDNNGRU`` …)."""
    name = (
        layer.class_name.removeprefix("CuDNN")
        .removeprefix("Peephole")
        .removesuffix("V1")
        .removesuffix("V2")
        .removesuffix("Cell")
    )
    return GATES[name]


def cell_states(layer: Subject) -> int:
    return 2 if gates_of(layer) == 4 else 1


def step_weights(layer: Subject, inputs: Spec) -> list[WeightSpec]:
    """Kernel, recurrent kernel and bias of one step. A GRU that resets after the product has two biases."""
    units, gates = units_of(layer), gates_of(layer)
    specs = [
        layer.weight("kernel", (inputs.shape[-1], gates * units)),
        layer.weight("recurrent_kernel", (units, gates * units)),
    ]
    if layer.get("use_bias", True):
        bias: tuple[int, ...] = (gates * units,)
        if gates == 3 and resets_after(layer):
            bias = (2, *bias)
        specs.append(layer.weight("bias", bias))
    return specs


def resets_after(layer: Subject) -> bool:
    """Files without the key come from a Keras that had no such GRU, unless a module marks them as Keras 3's."""
    return bool(layer.get("reset_after", layer.layer.module is not None))


def step_macs(layer: Subject, inputs: Spec) -> int | None:
    units, gates = units_of(layer), gates_of(layer)
    if inputs.shape[-1] is None:
        return None
    return gates * units * (inputs.shape[-1] + units)


def split_states(sequences: Any) -> Spec:
    """The sequence alone: Keras 2 files put the initial state behind it, in one list."""
    first = sequences[0] if isinstance(sequences, list) else sequences
    if not isinstance(first, Spec) or first.rank < 3:
        raise NotKnown("a recurrent layer takes a tensor of at least three axes: batch, time and features")
    return first


def time_axis(layer: Subject) -> int:
    return 0 if layer.get("time_major") else 1


def step_of(layer: Subject, x: Spec) -> Spec:
    """One time step of a sequence."""
    return Spec((x.shape[1 - time_axis(layer)], *x.shape[2:]), x.dtype)


def loop_output(layer: Subject, x: Spec, last: Spec, states: Any) -> Any:
    """What a loop over time returns: the last output or all of them, with the states or without."""
    output = layer.spec(last.shape)
    if layer.get("return_sequences"):
        batch, *rest = last.shape
        leading = (x.shape[0], batch) if time_axis(layer) == 0 else (batch, x.shape[1])
        output = layer.spec((*leading, *rest))
    if not layer.get("return_state"):
        return output
    return (output, *map_structure(lambda state: layer.spec(state.shape), tuple(states)))


def times(steps: int | None, macs: int | None) -> int | None:
    return None if steps is None or macs is None else steps * macs


class RecurrentCell(Knowledge):
    """One step of an LSTM, GRU or simple recurrent layer: two matrix products, gates, the new state."""

    kinds: ClassVar[tuple[str, ...]] = ("LSTMCell", "GRUCell", "SimpleRNNCell")
    examples: ClassVar[tuple[Example, ...]] = (
        Example("LSTMCell", {"units": 4}, ((None, 3), [STATE, STATE])),
        Example("LSTMCell", {"units": 4, "use_bias": False, "recurrent_dropout": 0.2}, ((2, 3), [STATE, STATE])),
        Example("GRUCell", {"units": 4}, ((None, 3), STATE)),
        Example("GRUCell", {"units": 4, "reset_after": False}, ((None, 3), [STATE])),
        Example("GRUCell", {"units": 4, "dtype": "mixed_float16"}, ((None, 3), [STATE])),
        Example("SimpleRNNCell", {"units": 4}, ((None, 3), STATE)),
        Example("SimpleRNNCell", {"units": 4, "use_bias": False}, ((None, 3), [STATE])),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, states: Any = None, **_: Any) -> Any:
        """Output and new states; without ``states``, the states that Keras itself starts from."""
        state = layer.spec((inputs.shape[0], units_of(layer)))
        if cell_states(layer) == 2:
            return state, [state, state]
        return state, state if isinstance(states, Spec) else [state]

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        return step_weights(layer, inputs)

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Spec, *_: Any, **__: Any) -> int | None:
        return step_macs(layer, inputs)


class StackedCells(Knowledge):
    """Cells one upon the other: each step's output is the next cell's input."""

    kinds = ("StackedRNNCells",)
    examples = (
        Example("StackedRNNCells", {"cells": CELLS}, ((None, 3), [[STATE, STATE], [WIDE]])),
        Example("StackedRNNCells", {"cells": CELLS[1:]}, ((None, 3), [[WIDE]])),
        Example("StackedRNNCells", {"cells": CELLS[1:]}, ((None, 3), [WIDE])),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Spec, states: Any = None, **_: Any) -> Any:
        """Output and new states, one entry a cell; a stack of one cell returns its entry bare."""
        entries: list[Any] = []
        given = states if isinstance(states, (list, tuple)) else []
        for index, cell in enumerate(layer.all_wrapped("cells")):
            inputs, new = run_cell(cell, inputs)
            single = isinstance(new, list) and len(new) == 1
            bare = index < len(given) and isinstance(given[index], Spec)
            entries.append(new[0] if single and bare else new)
        return inputs, entries[0] if len(entries) == 1 and given else entries

    @staticmethod
    def weights(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> list[WeightSpec]:
        specs: list[WeightSpec] = []
        for cell in layer.all_wrapped("cells"):
            specs.extend(cell.built_weights(inputs))
            inputs, _state = run_cell(cell, inputs)
        return specs

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Spec, *_: Any, **__: Any) -> int | None:
        total = 0
        for cell in layer.all_wrapped("cells"):
            macs = cell.count_macs(None, inputs)
            if macs is None:
                return None
            total += macs
            inputs, _state = run_cell(cell, inputs)
        return total


def run_cell(cell: Subject, step: Spec) -> tuple[Spec, Any]:
    """A cell's output and states for one step, or the reason why they are not known."""
    result = cell.run(step)
    if isinstance(result, Unknown):
        raise NotKnown(f"its cell {cell.class_name} is not known: {result.why}")
    if not isinstance(result, (list, tuple)) or len(result) != 2 or isinstance(result, Spec):
        raise NotKnown(f"{cell.class_name} is not a recurrent cell")
    return result[0], result[1]


class Loop(Knowledge):
    """A cell looped over time. A cell that is not Keras's own may return anything, so nothing is said of it."""

    kinds = ("RNN",)
    masking = True
    examples = (
        Example("RNN", {"cell": CELLS[0]}, FEATURES),
        Example("RNN", {"cell": CELLS[1], "return_sequences": True, "return_state": True}, FEATURES),
        Example("RNN", {"cell": CELLS, "return_state": True}, FEATURES),
        Example("RNN", {"cell": CELLS[:1], "return_sequences": True, "unroll": True}, FEATURES),
    )

    @staticmethod
    def shape(layer: Subject, sequences: Any, *_: Any, **__: Any) -> Any:
        x = split_states(sequences)
        last, states = run_cell(layer.wrapped("cell"), step_of(layer, x))
        return loop_output(layer, x, last, states if isinstance(states, (list, tuple)) else [states])

    @staticmethod
    def weights(layer: Subject, sequences: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        x = split_states(sequences)
        return list(layer.wrapped("cell").built_weights(step_of(layer, x)))

    @staticmethod
    def macs(layer: Subject, output: Any, sequences: Any, *_: Any, **__: Any) -> int | None:
        x = split_states(sequences)
        return times(x.shape[time_axis(layer)], layer.wrapped("cell").count_macs(None, step_of(layer, x)))


class Recurrent(Knowledge):
    """LSTM, GRU and simple recurrence over time. The states that a stateful layer keeps are not weights."""

    kinds: ClassVar[tuple[str, ...]] = ("LSTM", "GRU", "SimpleRNN")
    masking: ClassVar[bool] = True
    examples: ClassVar[tuple[Example, ...]] = (
        Example("LSTM", {"units": 4}, FEATURES),
        Example("LSTM", {"units": 4, "return_sequences": True, "go_backwards": True}, ((None, None, 3),)),
        Example("LSTM", {"units": 4, "return_state": True, "use_bias": False, "unroll": True}, FEATURES),
        Example("LSTM", {"units": 4, "stateful": True, "return_sequences": True}, ((2, 5, 3),)),
        Example("LSTM", {"units": 4}, FEATURES, {"initial_state": [STATE, STATE], "mask": Spec((None, 5), "bool")}),
        Example("GRU", {"units": 4}, FEATURES),
        Example("GRU", {"units": 4, "reset_after": False, "return_state": True}, FEATURES),
        Example("GRU", {"units": 4, "use_bias": False, "return_sequences": True, "return_state": True}, FEATURES),
        Example("GRU", {"units": 4, "dtype": "mixed_float16", "stateful": True}, ((2, 5, 3),)),
        Example("GRU", {"units": 4}, FEATURES, {"initial_state": STATE}),
        Example("SimpleRNN", {"units": 4}, FEATURES),
        Example("SimpleRNN", {"units": 4, "return_sequences": True, "return_state": True}, FEATURES),
        Example("SimpleRNN", {"units": 4, "use_bias": False, "trainable": False}, FEATURES),
    )

    @staticmethod
    def shape(layer: Subject, sequences: Any, *_: Any, **__: Any) -> Any:
        x = split_states(sequences)
        last = layer.spec((x.shape[1 - time_axis(layer)], units_of(layer)))
        return loop_output(layer, x, last, [last] * cell_states(layer))

    @staticmethod
    def weights(layer: Subject, sequences: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        return step_weights(layer, split_states(sequences))

    @staticmethod
    def macs(layer: Subject, output: Any, sequences: Any, *_: Any, **__: Any) -> int | None:
        x = split_states(sequences)
        return times(x.shape[time_axis(layer)], step_macs(layer, x))
