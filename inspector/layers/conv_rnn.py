"""Knowledge of the convolutional LSTMs: recurrent layers whose two matrix products are convolutions."""

from __future__ import annotations

from typing import Any

from ..knowledge import (
    Example,
    Knowledge,
    NotKnown,
    Spec,
    Subject,
    WeightSpec,
    join_channels,
    per_axis,
    product,
    split_channels,
    whole,
    windows,
)  # fmt: skip
from .rnn import loop_output, split_states, step_of, times

GATES = 4


def image_of(layer: Subject, sequences: Any) -> tuple[Spec, int]:
    """One time step, and its number of spatial axes."""
    x = split_states(sequences)
    rank = int(layer.class_name.removesuffix("D")[-1])
    if x.rank != rank + 3:
        raise NotKnown(f"{layer.class_name} takes a tensor of {rank + 3} axes, not {x.rank}")
    return step_of(layer, x), rank


def state_of(layer: Subject, sequences: Any) -> Spec:
    """The output of one step, which is also either state: the strided convolution of the input."""
    step, rank = image_of(layer, sequences)
    image, padding = split_channels(layer, step)[0], str(layer.get("padding", "valid")).lower()
    window, strides = per_axis(layer, "kernel_size", rank), per_axis(layer, "strides", rank, 1)
    dilation = per_axis(layer, "dilation_rate", rank, 1)
    spatial = [windows(image[i], window[i], strides[i], padding, dilation[i]) for i in range(rank)]
    return join_channels(layer, step, spatial, whole(layer["filters"], "filters"))


class ConvLSTM(Knowledge):
    """An LSTM over images: gates from a strided convolution of the input and a plain one of the state."""

    kinds = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
    masking = True
    examples = (
        Example("ConvLSTM1D", {"filters": 2, "kernel_size": 3}, ((None, 4, 9, 3),)),
        Example(
            "ConvLSTM1D",
            {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "return_sequences": True, "use_bias": False},
            ((None, None, 9, 3),),
        ),
        Example("ConvLSTM2D", {"filters": 2, "kernel_size": (3, 2), "strides": 2}, ((None, 4, 9, 8, 3),)),
        Example(
            "ConvLSTM2D",
            {"filters": 2, "kernel_size": 3, "padding": "same", "strides": 2, "return_state": True},
            ((None, 4, 9, 8, 3),),
        ),
        Example(
            "ConvLSTM2D",
            {"filters": 2, "kernel_size": 3, "padding": "same", "return_sequences": True, "return_state": True},
            ((None, 4, 9, 8, 3),),
        ),
        Example(
            "ConvLSTM2D",
            {"filters": 2, "kernel_size": 3, "data_format": "channels_first", "return_sequences": True},
            ((None, 4, 3, 9, 8),),
        ),
        Example("ConvLSTM2D", {"filters": 2, "kernel_size": 3, "stateful": True}, ((2, 4, 9, 8, 3),)),
        Example("ConvLSTM3D", {"filters": 2, "kernel_size": 2}, ((None, 4, 5, 6, 7, 1),)),
        Example(
            "ConvLSTM3D",
            {"filters": 2, "kernel_size": (1, 2, 3), "padding": "same", "dtype": "mixed_bfloat16"},
            ((None, 4, 5, 6, 7, 1),),
        ),
    )

    @staticmethod
    def shape(layer: Subject, sequences: Any, *_: Any, **__: Any) -> Any:
        state = state_of(layer, sequences)
        return loop_output(layer, split_states(sequences), state, (state, state))

    @staticmethod
    def weights(layer: Subject, sequences: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        step, rank = image_of(layer, sequences)
        window, filters = per_axis(layer, "kernel_size", rank), layer["filters"]
        specs = [
            layer.weight("kernel", (*window, split_channels(layer, step)[1], GATES * filters)),
            layer.weight("recurrent_kernel", (*window, filters, GATES * filters)),
        ]
        if layer.get("use_bias", True):
            specs.append(layer.weight("bias", (GATES * filters,)))
        return specs

    @staticmethod
    def macs(layer: Subject, output: Any, sequences: Any, *_: Any, **__: Any) -> int | None:
        """Both convolutions at every position of the state, every time step."""
        step, rank = image_of(layer, sequences)
        channels = split_channels(layer, step)[1]
        if channels is None:
            return None
        positions = product(state_of(layer, sequences).shape[1:])  # filters included: one kernel each
        window = product(per_axis(layer, "kernel_size", rank))
        return times(split_states(sequences).shape[1], product((positions, window, GATES, channels + layer["filters"])))
