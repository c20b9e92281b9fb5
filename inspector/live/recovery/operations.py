"""Operations for what a trace meets besides Keras's own: constants, variables read, random draws, backend functions.

A Keras graph starts at its inputs, so a value that depends on none would silently become a constant and everything
before it (an Embedding of positions, a class token) would be missing from the graph. These operations take some input
of the model as an anchor and ignore its value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class Constant(keras.Operation):  # type: ignore[misc]
    """A value computed outside the graph."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value

    def call(self, anchor: Any) -> Any:
        """The value, whatever the anchor is."""
        return keras.ops.convert_to_tensor(self.value)

    def compute_output_spec(self, anchor: Any) -> Any:
        """Shape and dtype of the value."""
        value = keras.ops.convert_to_tensor(self.value)
        return keras.KerasTensor(tuple(value.shape), keras.backend.standardize_dtype(value.dtype))


class VariableRead(keras.Operation):  # type: ignore[misc]
    """The value of a variable at the time of the call."""

    def __init__(self, variable: Any) -> None:
        super().__init__()
        self.variable = variable

    def call(self, anchor: Any) -> Any:
        """The variable's present value."""
        return keras.ops.convert_to_tensor(self.variable)

    def compute_output_spec(self, anchor: Any) -> Any:
        """Shape and dtype of the variable, under the autocast scope that holds."""
        return keras.KerasTensor(self.variable.shape, self.variable.dtype)


class RandomDraw(keras.Operation):  # type: ignore[misc]
    """A draw of `keras.random`; a dimension left open is the anchor's batch."""

    def __init__(self, function: Callable[..., Any], shaped: bool) -> None:
        super().__init__(name=None)
        self.function, self.shaped = function, shaped

    def call(self, anchor: Any, *args: Any, **kwargs: Any) -> Any:
        """Draws anew, with the seed generator the model gave."""
        if self.shaped:
            shape, args, kwargs = _taken_shape(args, kwargs)
            batch = keras.ops.shape(anchor)[0]
            return self.function([batch if d is None else d for d in shape], *args, **kwargs)
        return self.function(*args, **kwargs)

    def compute_output_spec(self, anchor: Any, *args: Any, **kwargs: Any) -> Any:
        """The shape asked for, or what the backend infers from the tensors given."""
        if self.shaped:
            shape, _, rest = _taken_shape(args, kwargs)
            default = "int32" if self.function.__name__ == "randint" else keras.config.floatx()
            return keras.KerasTensor(tuple(shape), rest.get("dtype") or default)
        from keras.src import backend

        return backend.compute_output_spec(self.function, *args, **kwargs)


def _taken_shape(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    if "shape" in kwargs:
        return kwargs["shape"], args, {k: v for k, v in kwargs.items() if k != "shape"}
    return args[0], args[1:], kwargs


class RawOperation(keras.Operation):  # type: ignore[misc]
    """A function of the backend called on the model's tensors, kept as it is. It runs, and cannot be saved."""

    def __init__(self, function: Callable[..., Any], api_name: str) -> None:
        super().__init__(name=None)
        self.function, self.api_name = function, api_name

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the backend's function."""
        return self.function(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """What the backend infers."""
        from keras.src import backend

        return backend.compute_output_spec(self.call, *args, **kwargs)
