"""Knowledge of the attention layers: attention with and without projections, in one or many heads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..knowledge import Example, Knowledge, NotKnown, Shape, Spec, Subject, WeightSpec, product, whole
from .einsum import split_by_size
from .quantization import Kernel, kernel_weights, mode_of

QV = ((None, 5, 8), (None, 7, 6))
QVK = (*QV, (None, 7, 4))
HEADS = {"num_heads": 2, "key_dim": 3}
GROUPS = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}


def projection(layer: Subject, positions: int, reads: Shape, writes: Shape) -> list[WeightSpec]:
    """The weights of a dense projection, run at ``positions`` axes, from the axes it reads to the axes it writes."""
    rows, columns = product(reads), product(writes)
    if rows is None or columns is None:
        raise NotKnown("a dimension its weights need is open")
    dtype = layer.get("dtype")
    if isinstance(dtype, Mapping) and dtype.get("class_name") == "DTypePolicyMap":
        raise NotKnown("its projections have dtype policies of their own")
    matrix = split_by_size((*reads, *writes)) if mode_of(layer) in ("gptq", "awq") else (rows, columns)
    kernel = Kernel((*reads, *writes), ((1,) * positions) + writes, matrix, "zero_point")
    return kernel_weights(layer, kernel, writes if layer.get("use_bias", True) else None)


class Projections:
    """The widths of a multi-head layer: what each projection reads and writes."""

    __slots__ = ("heads", "key_heads", "key_width", "layer", "output", "value_width")

    def __init__(self, layer: Subject, query: Spec) -> None:
        self.layer = layer
        if layer.class_name == "MultiHeadAttention":
            self.heads = self.key_heads = whole(layer["num_heads"], "num_heads")
            self.key_width = whole(layer["key_dim"], "key_dim")
            self.value_width = whole(layer.get("value_dim") or self.key_width, "value_dim")
        else:
            self.heads = whole(layer["num_query_heads"], "num_query_heads")
            self.key_heads = whole(layer["num_key_value_heads"], "num_key_value_heads")
            self.key_width = self.value_width = whole(layer["head_dim"], "head_dim")
        self.output: Shape = output_axes(layer) or (query.shape[-1],)

    def pairs(self, query: Spec, value: Spec, key: Spec) -> list[tuple[Spec, Shape, Shape]]:
        """For each projection: the tensor whose positions it runs over, the axes it reads, the axes it writes."""
        found = [
            (query, query.shape[-1:], (self.heads, self.key_width)),
            (key, key.shape[-1:], (self.key_heads, self.key_width)),
            (value, value.shape[-1:], (self.key_heads, self.value_width)),
        ]
        if self.layer.get("use_gate"):
            found.insert(2, (query, query.shape[-1:], (self.heads, self.value_width)))
        return [*found, (query, (self.heads, self.value_width), self.output)]


def output_axes(layer: Subject) -> Shape | None:
    """The config's ``output_shape``, which takes the place of the query's last axis."""
    value = layer.get("output_shape")
    if not value:
        return None
    return tuple(whole(dim, "output_shape") for dim in (value if isinstance(value, (list, tuple)) else (value,)))


def attended_axes(layer: Subject, query: Spec) -> list[int]:
    """The axes attention runs over: by default all between batch and features."""
    axes = layer.get("attention_axes")
    if axes is None or layer.class_name != "MultiHeadAttention":
        return list(range(1, query.rank - 1))
    return [axis if axis >= 0 else query.rank + axis for axis in (axes if isinstance(axes, (list, tuple)) else [axes])]


def score_axes(layer: Subject, query: Spec, value: Spec, heads: int) -> Shape:
    """The shape that scores really have: the axes left alone, the heads, the query's axes, the value's."""
    axes = attended_axes(layer, query)
    rest = [dim for place, dim in enumerate(query.shape[:-1]) if place not in axes]
    return (*rest, heads, *(query.shape[axis] for axis in axes), *(value.shape[axis] for axis in axes))


class HeadAttention(Knowledge):
    """Dot-product attention in heads, each with its own projections of query, key and value."""

    kinds = ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")
    masking = True
    examples = (
        Example("MultiHeadAttention", HEADS, QV),
        Example("MultiHeadAttention", {**HEADS, "value_dim": 5, "use_bias": False}, QVK),
        Example("MultiHeadAttention", {**HEADS, "output_shape": (4, 2)}, QV, {"return_attention_scores": True}),
        Example("MultiHeadAttention", {**HEADS, "output_shape": 4, "use_gate": True}, QV[:1], {"value": Spec(QV[1])}),
        Example("MultiHeadAttention", {**HEADS, "attention_axes": (2,)}, ((None, 4, 5, 8), (None, 4, 7, 8))),
        Example("MultiHeadAttention", {**HEADS, "attention_axes": -2}, ((None, 4, 5, 8), (None, 4, 7, 8))),
        Example("MultiHeadAttention", {**HEADS, "dtype": "mixed_float16"}, QV, {"use_causal_mask": True}),
        Example("MultiHeadAttention", {**HEADS, "dropout": 0.1, "flash_attention": False}, QV),
        Example("MultiHeadAttention", {**HEADS, "flash_attention": True}, QV),
        Example("MultiHeadAttention", {**HEADS, "dtype": "int8_from_float32"}, QVK),
        Example("MultiHeadAttention", {**HEADS, "dtype": "int4_from_mixed_bfloat16", "use_gate": True}, QV),
        Example("MultiHeadAttention", {**HEADS, "dtype": "float8_from_float32"}, QV),
        Example("GroupQueryAttention", GROUPS, ((None, 5, 8), (None, 7, 8))),
        Example("GroupQueryAttention", {**GROUPS, "use_bias": False, "use_gate": True}, ((None, 5, 8), (None, 7, 8))),
        Example("GroupQueryAttention", {**GROUPS, "dtype": "int8_from_float32"}, ((None, 5, 8), (None, 7, 8))),
        Example("GroupQueryAttention", GROUPS, ((2, 5, 8), (2, 7, 8), (2, 7, 4)), {"return_attention_scores": True}),
    )

    @staticmethod
    def shape(layer: Subject, query: Spec, value: Spec, key: Spec | None = None, *rest: Any, **named: Any) -> Any:
        """The scores of ``MultiHeadAttention`` have the shape that Keras 3 states: the query's length twice."""
        sizes = Projections(layer, query)
        multi = layer.class_name == "MultiHeadAttention"
        output = layer.spec((*query.shape[:-1], *sizes.output) if multi else query.shape)
        # Behind the key stand masks, then the flag: one mask in Keras 2, four in Keras 3.
        if not named.get("return_attention_scores", rest[1:2] == (True,) or rest[4:5] == (True,)):
            return output
        if "query_shape" in layer.config:  # Keras 2 keeps the shapes it was built for
            return output, layer.spec(score_axes(layer, query, value, sizes.heads))
        other = query if multi else value if key is None else key
        return output, layer.spec((query.shape[0], sizes.heads, query.shape[1], other.shape[1]))

    @staticmethod
    def weights(
        layer: Subject, query: Spec, value: Spec, key: Spec | None = None, *_: Any, **__: Any
    ) -> list[WeightSpec]:
        pairs = Projections(layer, query).pairs(query, value, value if key is None else key)
        return [spec for over, *axes in pairs for spec in projection(layer, over.rank - 1, axes[0], axes[1])]

    @staticmethod
    def macs(
        layer: Subject, output: Any, query: Spec, value: Spec, key: Spec | None = None, *_: Any, **__: Any
    ) -> int | None:
        """The projections, the scores and their product with the values."""
        sizes = Projections(layer, query)
        pairs = sizes.pairs(query, value, value if key is None else key)
        counts = [product((*tensor.shape[1:-1], *reads, *writes)) for tensor, reads, writes in pairs]
        sources = [value.shape[axis] for axis in attended_axes(layer, query)]
        scores = product((*query.shape[1:-1], *sources, sizes.heads))
        if scores is None or None in counts:
            return None
        return sum(count or 0 for count in counts) + scores * (sizes.key_width + sizes.value_width)


class Attention(Knowledge):
    """Attention without projections: ``[query, value]`` or ``[query, value, key]`` in one list."""

    kinds = ("Attention", "AdditiveAttention")
    masking = True
    examples = (
        Example("Attention", {}, ((None, 5, 8), (None, 7, 8)), nested=True),
        Example("Attention", {"use_scale": True}, ((None, 5, 8), (None, 7, 6), (None, 7, 8)), nested=True),
        Example("Attention", {"score_mode": "concat", "use_scale": True}, ((2, 5, 8), (2, 7, 8)), nested=True),
        Example("Attention", {}, ((2, 5, 8), (2, 7, 8)), {"return_attention_scores": True}, nested=True),
        Example("Attention", {"dropout": 0.5, "dtype": "mixed_float16"}, ((2, 5, 8), (2, 7, 8)), nested=True),
        Example("AdditiveAttention", {}, ((None, 5, 8), (None, 7, 8)), nested=True),
        Example("AdditiveAttention", {"use_scale": False}, ((None, 5, 8), (None, 7, 8)), nested=True),
        Example("AdditiveAttention", {}, ((2, 5, 8), (2, 7, 8)), {"return_attention_scores": True}, nested=True),
    )

    @staticmethod
    def shape(layer: Subject, inputs: Any, *rest: Any, **named: Any) -> Any:
        query, value, key = three(inputs)
        output = layer.spec((*query.shape[:-1], value.shape[-1]))
        if named.get("return_attention_scores", rest[2:3] == (True,)):  # behind mask and training
            return output, layer.spec((*query.shape[:-1], key.shape[-2]))
        return output

    @staticmethod
    def weights(layer: Subject, inputs: Any, *_: Any, **__: Any) -> list[WeightSpec]:
        query, _value, _key = three(inputs)
        additive = layer.class_name == "AdditiveAttention"
        specs = []
        if layer.get("use_scale", additive):
            specs.append(layer.weight("scale", query.shape[-1:] if additive else ()))
        if not additive and layer.get("score_mode") == "concat":
            specs.append(layer.weight("concat_score_weight", ()))
        return specs

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Any, *_: Any, **__: Any) -> int | None:
        """Scores by dot product, and their product with the values; additive scores are element-wise."""
        query, value, key = three(inputs)
        dot = layer.class_name == "Attention" and layer.get("score_mode", "dot") == "dot"
        applied = product((*query.shape[1:-1], key.shape[-2], value.shape[-1]))
        scores = product((*query.shape[1:], key.shape[-2])) if dot else 0
        return None if applied is None or scores is None else applied + scores


def three(inputs: Any) -> tuple[Spec, Spec, Spec]:
    """Query, value and key; the value is the key where none is given."""
    if not isinstance(inputs, (list, tuple)) or isinstance(inputs, Spec) or len(inputs) not in (2, 3):
        raise NotKnown("it takes a list of two or three tensors: query, value and perhaps key")
    return inputs[0], inputs[1], inputs[-1]
