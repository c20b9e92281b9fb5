"""``TensorFlowOpLayer`` of TensorFlow 2.0 to 2.3: a node of TensorFlow's own graph, with its stored constants.

The config holds the node (``op``, ``attr``) as protobuf's JSON and the constants by input. The layer takes the
remaining inputs; put together, they are handed to the rule of the public function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...knowledge import Knowledge, NotKnown, Subject
from .tensorflow import RULES
from .tensorflow_math import MACS
from .tensorflow_values import listed, shape_argument

Inputs = list[Any]
Attributes = Mapping[str, Any]
Translation = Callable[[Inputs, Attributes], tuple[str, tuple[Any, ...], dict[str, Any]]]

PLAIN = {
    "Add": "add", "AddV2": "add", "Sub": "subtract", "Mul": "multiply", "RealDiv": "math.divide", "Div": "math.divide",
    "DivNoNan": "math.divide_no_nan", "FloorDiv": "math.floordiv", "FloorMod": "math.floormod", "Pow": "math.pow",
    "Maximum": "math.maximum", "Minimum": "math.minimum", "SquaredDifference": "math.squared_difference",
    "Equal": "equal", "NotEqual": "not_equal", "Greater": "greater", "GreaterEqual": "greater_equal", "Less": "less",
    "LessEqual": "less_equal", "LogicalAnd": "logical_and", "LogicalOr": "logical_or", "LogicalNot": "logical_not",
    "Reshape": "reshape", "Transpose": "transpose", "ExpandDims": "expand_dims", "Tile": "tile", "Pad": "pad",
    "PadV2": "pad", "MirrorPad": "pad", "BroadcastTo": "broadcast_to", "Shape": "shape", "Slice": "slice",
    "SelectV2": "where", "Select": "where", "GatherNd": "gather_nd", "IsNan": "math.is_nan",
}  # fmt: skip
SAME = (
    "Abs", "Neg", "Sign", "Square", "Sqrt", "Rsqrt", "Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Tan", "Tanh",
    "Sigmoid", "Erf", "Floor", "Ceil", "Round", "Softplus", "Softsign", "Relu", "Relu6", "Elu", "Selu", "LeakyRelu",
    "Softmax", "LogSoftmax", "Identity", "StopGradient", "BiasAdd", "Cumsum", "ClipByValue", "ZerosLike", "OnesLike",
    "Reciprocal", "ReverseV2", "Inv",
)  # fmt: skip
REDUCTIONS = {"Sum": "math.reduce_sum", "Mean": "math.reduce_mean", "Max": "math.reduce_max", "Min": "math.reduce_min",
              "Prod": "math.reduce_prod", "All": "math.reduce_all", "Any": "math.reduce_any"}  # fmt: skip


def attribute(attributes: Attributes, name: str, default: Any = None) -> Any:
    """A value of the node: protobuf writes integers as text, under the name of their type."""
    held = attributes.get(name)
    if not isinstance(held, Mapping) or not held:
        return default
    kind, value = next(iter(held.items()))
    if kind == "i":
        return int(value)
    if kind == "list":
        return [int(item) for item in value.get("i", [])]
    return value


def reduction(inputs: Inputs, attributes: Attributes) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    return "math.reduce_sum", tuple(inputs), {"keepdims": bool(attribute(attributes, "keep_dims", False))}


def product(flag_a: str, flag_b: str) -> Translation:
    def translate(inputs: Inputs, attributes: Attributes) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        flags = {
            "transpose_a": attribute(attributes, flag_a, False),
            "transpose_b": attribute(attributes, flag_b, False),
        }
        return "linalg.matmul", tuple(inputs), flags

    return translate


def read_slices(inputs: Inputs, attributes: Attributes) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Bits of five masks say which bounds count, and where ``...``, new axes and indices stand."""
    x, *bounds = inputs
    begin, end, step = (shape_argument(bound) for bound in bounds)
    masks = [
        attribute(attributes, f"{name}_mask", 0) for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    ]
    key: list[Any] = []
    for index in range(len(begin)):
        no_begin, no_end, dots, new, shrink = (mask >> index & 1 for mask in masks)
        if dots or new:
            key.append(Ellipsis if dots else None)
        elif shrink:
            key.append(0 if begin[index] is None else begin[index])
        else:
            ends = ((begin, no_begin), (end, no_end), (step, 0))
            if any(side[index] is None and not left_out for side, left_out in ends):
                raise NotKnown("a slice ends where a tensor says")
            key.append(slice(*(None if left_out else side[index] for side, left_out in ends)))
    return "__operators__.getitem", (x, key), {}


TRANSLATIONS: dict[str, Translation] = {
    "ConcatV2": lambda i, a: ("concat", (i[:-1], i[-1]), {}),
    "Pack": lambda i, a: ("stack", (i, attribute(a, "axis", 0)), {}),
    "Unpack": lambda i, a: ("unstack", (i[0], attribute(a, "num"), attribute(a, "axis", 0)), {}),
    "Split": lambda i, a: ("split", (i[1], attribute(a, "num_split"), i[0]), {}),
    "SplitV": lambda i, a: ("split", (i[0], i[1], i[2]), {}),
    "Squeeze": lambda i, a: ("squeeze", (i[0], attribute(a, "squeeze_dims")), {}),
    "Cast": lambda i, a: ("cast", (i[0], attribute(a, "DstT")), {}),
    "GatherV2": lambda i, a: ("gather", (i[0], i[1], i[2], attribute(a, "batch_dims", 0)), {}),
    "ArgMax": lambda i, a: ("argmax", (i[0], i[1], attribute(a, "output_type")), {}),
    "OneHot": lambda i, a: ("one_hot", (*i, attribute(a, "axis", -1)), {}),
    "ResizeBilinear": lambda i, a: ("image.resize_bilinear", tuple(i), {}),
    "ResizeNearestNeighbor": lambda i, a: ("image.resize_nearest_neighbor", tuple(i), {}),
    "AddN": lambda i, a: ("add_n", (i,), {}),
    "MatMul": product("transpose_a", "transpose_b"),
    "BatchMatMul": product("adj_x", "adj_y"),
    "BatchMatMulV2": product("adj_x", "adj_y"),
    "StridedSlice": read_slices,
    **dict.fromkeys(REDUCTIONS, reduction),
}


def gather_inputs(layer: Subject, given: Any) -> Inputs:
    """The layer's tensors with the stored constants put in their places."""
    inputs = listed(given)
    constants = layer.get("constants") or {}
    for index, value in sorted((int(key), value) for key, value in constants.items()):
        inputs.insert(index, value)
    return inputs


def read_node(layer: Subject, given: Any) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """The public function that the node stands for, with its arguments."""
    node = layer["node_def"]
    if not isinstance(node, Mapping) or not isinstance(node.get("op"), str):
        raise NotKnown("its node is stored in TensorFlow's binary form")
    name, attributes = node["op"], node.get("attr") or {}
    inputs = gather_inputs(layer, given)
    if name in PLAIN:
        return PLAIN[name], tuple(inputs), {}
    if name in SAME:
        return "identity", tuple(inputs[:1]), {}
    if name not in TRANSLATIONS:
        raise NotKnown(f"no shape rule for TensorFlow's {name}"[:200])
    function, args, kwargs = TRANSLATIONS[name](inputs, attributes)
    return REDUCTIONS.get(name, function), args, kwargs


class TensorFlowNode(Knowledge):
    """A node of TensorFlow's graph on the tensors of the model."""

    kinds = ("TensorFlowOpLayer", "base_layer.TensorFlowOpLayer", "layers.TensorFlowOpLayer")

    @staticmethod
    def shape(layer: Subject, inputs: Any, **_: Any) -> Any:
        name, args, kwargs = read_node(layer, inputs)
        return RULES[name](*args, **kwargs)

    @staticmethod
    def macs(layer: Subject, output: Any, inputs: Any, **_: Any) -> int | None:
        name, args, kwargs = read_node(layer, inputs)
        found = MACS[name](*args, **kwargs) if name in MACS else 0
        return None if found is None else int(found)
