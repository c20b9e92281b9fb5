"""What it means to know a layer: its output, its weights and its multiply-accumulates, from its config alone.

A family of layers is one class below `Knowledge`, in a file of `inspector/layers`. Its functions are called
with a `Subject` (the layer's config, dtypes and wrapped layers) and then exactly the arguments of the layer's
own ``call``, every tensor replaced by its `Spec`. What cannot be known raises `NotKnown` with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple

from .graph import Layer, Record, Shape, Spec, Unknown

MAX_OUTPUTS = 10_000  # a config that asks for more tensors from one call is not believed


class NotKnown(Exception):
    """A fact that this knowledge cannot give for this layer; the message is the reason shown to the user."""


class WeightSpec(NamedTuple):
    """A weight that building the layer creates, in the order of ``layer.weights``."""

    name: str
    shape: Shape
    dtype: str
    trainable: bool = True


class Policy(NamedTuple):
    """A dtype policy: its name, the dtypes of computation and variables, the quantization mode."""

    name: str = "float32"
    compute: str = "float32"
    variable: str = "float32"
    quantization: str | None = None


class Example(Record):
    """A layer to build with real Keras and to compare: class, constructor arguments, inputs, call arguments."""

    __slots__ = fields = ("kind", "config", "inputs", "kwargs", "dtype", "nested")

    def __init__(
        self,
        kind: str,
        config: Mapping[str, Any] | None = None,
        inputs: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
        dtype: str = "float32",
        nested: bool = False,  # inputs are passed as one list
    ) -> None:
        self.kind: Final = kind
        self.config: Final[Mapping[str, Any]] = {} if config is None else config
        self.inputs: Final = inputs
        self.kwargs: Final[Mapping[str, Any]] = {} if kwargs is None else kwargs
        self.dtype: Final = dtype
        self.nested: Final = nested


class Knowledge:
    """Knowledge of a family of layers. Subclasses state ``kinds`` (class names) and the functions they know.

    ``kinds`` of operations carry their module's last part: ``numpy.Add``. ``masking`` is Keras's
    ``supports_masking``. None of these functions is a method: the first argument is the `Subject`.
    """

    kinds: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[Example, ...]] = ()
    masking: ClassVar[bool] = False

    @staticmethod
    def shape(layer: Subject, *args: Any, **kwargs: Any) -> Any:
        """The layer's output for one call: a `Spec`, or a list or dict of them."""
        raise NotKnown(f"no shape rule for {layer.class_name}")

    @staticmethod
    def dtype(layer: Subject) -> str:
        """Keras's ``layer.dtype``: that of its variables, but for layers that override it."""
        return layer.variable_dtype

    @staticmethod
    def weights(layer: Subject, *args: Any, **kwargs: Any) -> Sequence[WeightSpec]:
        """The weights that the first call creates, as in ``layer.weights`` (random seeds left out)."""
        return ()

    @staticmethod
    def macs(layer: Subject, output: Any, *args: Any, **kwargs: Any) -> int | None:
        """Multiply-accumulates of one call on one sample (batch 1); ``None`` when a dimension it needs is open."""
        return 0


class Subject:
    """A layer as its knowledge sees it: config by key, dtypes, and the layers it wraps."""

    __slots__ = ("_policy", "config", "engine", "layer")

    def __init__(self, layer: Layer, engine: Engine) -> None:
        self.layer = layer
        self.config = layer.config
        self.engine = engine
        self._policy: Policy | None = None

    @property
    def policy(self) -> Policy:
        """The dtype policy its config states."""
        if self._policy is None:
            self._policy = policy_of(self.config)
        return self._policy

    @property
    def class_name(self) -> str:
        return self.layer.class_name

    @property
    def compute_dtype(self) -> str:
        return self.policy.compute

    @property
    def variable_dtype(self) -> str:
        return self.policy.variable

    def __getitem__(self, key: str) -> Any:
        try:
            return self.config[key]
        except KeyError:
            raise NotKnown(f"the config of {self.class_name} has no {key!r}") from None

    def get(self, key: str, default: Any = None) -> Any:
        return self.config.get(key, default)

    def spec(self, shape: Sequence[int | None], dtype: str | None = None) -> Spec:
        """An output tensor, by default of the layer's compute dtype."""
        return Spec(tuple(shape), dtype or self.policy.compute)

    def weight(
        self, name: str, shape: Sequence[int | None], trainable: bool = True, dtype: str | None = None
    ) -> WeightSpec:
        """A weight, by default of the layer's variable dtype."""
        return WeightSpec(name, tuple(shape), dtype or self.policy.variable, trainable)

    def wrapped(self, role: str) -> Subject:
        """The layer held under the config key ``role`` (``layer``, ``cell``, ``backward_layer``)."""
        inner = self.layer.wraps.get(role)
        if not isinstance(inner, Layer):
            raise NotKnown(f"{self.class_name} wraps no readable {role!r}")
        return Subject(inner, self.engine)

    def all_wrapped(self, role: str) -> list[Subject]:
        """The layers held as a list under the config key ``role`` (``cells``, ``layers``)."""
        inner = self.layer.wraps.get(role)
        if not isinstance(inner, (list, tuple)):
            raise NotKnown(f"{self.class_name} wraps no readable {role!r}")
        return [Subject(item, self.engine) for item in inner]

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """This layer's output for one call (wrapped layers and nested models included)."""
        return self.engine.outputs(self, args, kwargs)

    def built_weights(self, *args: Any, **kwargs: Any) -> Sequence[WeightSpec]:
        """The weights this layer creates when first called so (wrapped layers and nested models included)."""
        return self.engine.weights(self, args, kwargs)

    def count_macs(self, output: Any, *args: Any, **kwargs: Any) -> int | None:
        """This layer's multiply-accumulates for one call (wrapped layers and nested models included)."""
        return self.engine.macs(self, output, args, kwargs)


class Engine:
    """What a `Subject` asks for its wrapped layers; `inspector.analyses.inference` implements it."""

    def outputs(self, subject: Subject, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def weights(self, subject: Subject, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Sequence[WeightSpec]:
        raise NotImplementedError

    def macs(self, subject: Subject, output: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int | None:
        raise NotImplementedError


DTYPE_BYTES = {
    "bool": 1, "int4": 0.5, "uint4": 0.5, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1,
    "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4,
    "int64": 8, "uint64": 8, "float64": 8, "complex64": 8, "complex128": 16,
}  # fmt: skip


def policy_of(config: Mapping[str, Any]) -> Policy:
    """The dtype policy a config states, in any of Keras's spellings (``dtype`` of Keras 2 and 3)."""
    value = config.get("dtype")
    if isinstance(value, str):
        return named_policy(value)
    mode = None
    while isinstance(value, dict):
        inner = value.get("config")
        if not isinstance(inner, dict):
            value = inner
            break
        mode = inner.get("mode") or mode
        value = inner.get("source_name") or inner.get("name") or inner.get("default_policy")
    return named_policy(value if isinstance(value, str) else "float32", mode if isinstance(mode, str) else None)


@lru_cache(maxsize=64)
def named_policy(name: str, mode: str | None = None) -> Policy:
    """A policy from its name: ``float32``, ``mixed_float16``, ``int8_from_mixed_bfloat16`` …"""
    if "_from_" in name:
        mode, _, name = name.partition("_from_")
    if name.startswith("mixed_"):
        return Policy(name, name.removeprefix("mixed_"), "float32", mode)
    return Policy(name, name, name, mode)


def product(dims: Sequence[int | None]) -> int | None:
    """The product of dimensions; ``None`` when one is open."""
    total = 1
    for dim in dims:
        if dim is None:
            return None
        total *= dim
    return total


def sample_size(spec: Spec) -> int | None:
    """Elements of one sample: the batch axis (the first) counts once, whatever its size."""
    return product(spec.shape[1:])


class ShapeKept(Knowledge):
    """Layers whose output has the shape of their input, in the layer's compute dtype, and that own no weights."""

    masking = True

    @staticmethod
    def shape(layer: Subject, inputs: Spec, *_: Any, **__: Any) -> Spec:
        return layer.spec(inputs.shape)


def whole(value: Any, what: str) -> int:
    """A config value as the whole number from 0 up that it must be; raises `NotKnown` naming ``what`` otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NotKnown(f"{what!r} is not a whole number: {value!r}"[:200])
    return value


def dimension(value: Any, what: str) -> int | None:
    """A config value as a dimension: a whole number, or ``None`` for an open one."""
    return None if value is None else whole(value, what)


def per_axis(layer: Subject, key: str, rank: int, default: Any = None) -> tuple[int, ...]:
    """A config value of one number an axis (``strides``, ``pool_size`` …), or of one number for all of them."""
    value = layer.get(key)
    value = default if value is None else value
    if value is None:
        value = layer[key]
    if not isinstance(value, (list, tuple)):
        return (whole(value, key),) * rank
    if len(value) != rank:
        raise NotKnown(f"{key!r} has {len(value)} numbers for {rank} axes")
    return tuple([whole(item, key) for item in value])


def spatial_rank(layer: Subject, inputs: Spec) -> int:
    """How many spatial axes a layer works on: the digit of its class name, which its input must fit."""
    rank = next((int(letter) for letter in layer.class_name if letter.isdigit()), inputs.rank - 2)
    if inputs.rank != rank + 2:
        raise NotKnown(f"{layer.class_name} takes tensors of {rank + 2} dimensions, not of {inputs.rank}")
    return rank


def channels_first(layer: Subject) -> bool:
    """Whether the channels stand before the spatial axes; without a word in the config they stand last."""
    return bool(layer.get("data_format") == "channels_first")


def split_channels(layer: Subject, inputs: Spec) -> tuple[Shape, int | None]:
    """The spatial dimensions and the channels of an input, in the layer's data format."""
    if channels_first(layer):
        return inputs.shape[2:], inputs.shape[1]
    return inputs.shape[1:-1], inputs.shape[-1]


def join_channels(layer: Subject, inputs: Spec, spatial: Sequence[int | None], channels: int | None) -> Spec:
    """An output of the same batch with these spatial dimensions and channels, in the layer's data format."""
    batch = inputs.shape[0]
    if channels_first(layer):
        return layer.spec((batch, channels, *spatial))
    return layer.spec((batch, *spatial, channels))


def windows(size: int | None, window: int, stride: int, padding: Any, dilation: int = 1) -> int | None:
    """How many windows fit along an axis of ``size`` (TensorFlow's rule for ``valid``, ``same`` and ``causal``)."""
    if padding not in ("valid", "same", "causal"):
        raise NotKnown(f"padding {padding!r} is none of Keras's"[:200])
    if size is None:
        return None
    if padding != "valid":
        return (size - 1) // stride + 1
    count = (size - dilation * (window - 1) - 1) // stride + 1
    if count <= 0:
        raise NotKnown(f"a window of {dilation * (window - 1) + 1} does not fit an axis of {size}")
    return count


def autocast(layer: Subject, dtype: str) -> str:
    """The dtype in which a tensor enters ``call``: floats become the compute dtype, all else stays as it is."""
    return layer.compute_dtype if dtype.startswith(("float", "bfloat")) else dtype


__all__ = [
    "DTYPE_BYTES",
    "MAX_OUTPUTS",
    "Engine",
    "Example",
    "Knowledge",
    "NotKnown",
    "Policy",
    "Shape",
    "ShapeKept",
    "Spec",
    "Subject",
    "Unknown",
    "WeightSpec",
    "autocast",
    "channels_first",
    "dimension",
    "join_channels",
    "named_policy",
    "per_axis",
    "policy_of",
    "product",
    "sample_size",
    "spatial_rank",
    "split_channels",
    "whole",
    "windows",
]
