"""What a layer does to a tensor, in the words that rules speak in: its activation, its kernel, what passes through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..graph import Layer

DENSE = frozenset({"Dense", "EinsumDense"})
CONVOLUTIONS = frozenset(
    f"{kind}{rank}D{end}"
    for kind in ("Conv", "SeparableConv", "DepthwiseConv")
    for rank in (1, 2, 3)
    for end in ("", "Transpose")
)
RECURRENT = frozenset(
    {"SimpleRNN", "LSTM", "GRU", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "CuDNNLSTM", "CuDNNGRU",
     "Bidirectional"}
)  # fmt: skip
KERNELS = DENSE | CONVOLUTIONS  # a linear map, a bias, an activation
EMBEDDINGS = frozenset({"Embedding", "ReversibleEmbedding"})
DROPOUTS = frozenset({"Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"})
NOISE = frozenset({"GaussianDropout", "GaussianNoise"}) | DROPOUTS
BATCH_NORMS = frozenset({"BatchNormalization", "SyncBatchNormalization"})
RESHAPES = frozenset({"Reshape", "Flatten", "Permute", "RepeatVector", "Rename", "Identity", "ExpandDims", "Squeeze"})
MERGES = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot"})
ATTENTIONS = frozenset({"Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention",
                        "GroupedQueryAttention"})  # fmt: skip
AVERAGE_POOLS = frozenset(f"{kind}{rank}D" for kind in ("AveragePooling", "GlobalAveragePooling") for rank in (1, 2, 3))
MAX_POOLS = frozenset(f"{kind}{rank}D" for kind in ("MaxPooling", "GlobalMaxPooling") for rank in (1, 2, 3))
POOLS = AVERAGE_POOLS | MAX_POOLS
PADDINGS = frozenset(f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3))
UPSAMPLINGS = frozenset(f"UpSampling{rank}D" for rank in (1, 2, 3))
# Probabilities, or their logarithms: what an output ends with.
NORMALISING = frozenset({"softmax", "sigmoid", "hard_sigmoid", "log_softmax", "log_sigmoid", "sparsemax"})
# Layers, and the operations of keras.ops, that are an activation and nothing else; by Keras's names for functions.
ACTIVATION_LAYERS = {
    "ReLU": "relu", "LeakyReLU": "leaky_relu", "ELU": "elu", "Softmax": "softmax", "PReLU": "prelu", "Relu": "relu",
    "Relu6": "relu6", "LeakyRelu": "leaky_relu", "Elu": "elu", "Selu": "selu", "Gelu": "gelu", "Silu": "silu",
    "Sigmoid": "sigmoid", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu", "Tanh": "tanh", "Exp": "exponential",
    "Softplus": "softplus", "Softsign": "softsign", "LogSoftmax": "log_softmax", "LogSigmoid": "log_sigmoid",
    "Celu": "celu", "Glu": "glu", "Mish": "mish", "HardTanh": "hard_tanh", "SparsePlus": "sparse_plus",
    "ThresholdedReLU": "thresholded_relu", "Threshold": "threshold", "Sparsemax": "sparsemax",
}  # fmt: skip
SAME_FUNCTION = {"swish": "silu", "hard_swish": "hard_silu", "exp": "exponential", "": "linear"}
TF_ACTIVATIONS = {
    "nn.relu": "relu", "nn.relu6": "relu6", "nn.leaky_relu": "leaky_relu", "nn.elu": "elu", "nn.selu": "selu",
    "nn.gelu": "gelu", "nn.silu": "silu", "nn.swish": "silu", "nn.sigmoid": "sigmoid", "math.sigmoid": "sigmoid",
    "nn.softmax": "softmax", "nn.tanh": "tanh", "math.tanh": "tanh", "math.exp": "exponential",
    "nn.softplus": "softplus", "math.softplus": "softplus", "nn.log_softmax": "log_softmax",
}  # fmt: skip
LINEAR = "linear"
WIDTHS = frozenset({"units", "filters", "kernel_size", "equation", "output_dim", "nb_filter"})
OWN = ("keras", "tf_keras", "tensorflow", "builtins")


def activation_of(layer: Layer) -> str | None:
    """Keras's name of the activation that a layer ends with, ``linear`` where there is none.

    `None` says that it is not known: a custom layer, a custom function, or a layer with several inside.
    """
    name = layer.class_name
    if layer.kind == "operation":
        if name == "TFOpLambda":
            return TF_ACTIVATIONS.get(str(layer.config.get("function", "")).removeprefix("tf."), LINEAR)
        return ACTIVATION_LAYERS.get(name, LINEAR)
    if name in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[name]
    if not is_own(layer):
        return None
    if name in ("TimeDistributed", "Bidirectional", "SpectralNormalization"):
        held = layer.wraps.get("layer") or layer.wraps.get("forward_layer")
        return activation_of(held) if isinstance(held, Layer) else None
    if "activation" in layer.config:
        return name_activation(layer.config["activation"])
    if name in KERNELS and not layer.config.keys() & WIDTHS:
        return None  # of a live layer whose config cannot be written: it says nothing of an activation either
    return LINEAR


def name_activation(value: Any) -> str | None:
    """The name of an activation as a config states it: a text, a function or a layer; `None` for a custom one."""
    if value is None:
        return LINEAR
    if isinstance(value, str):
        return SAME_FUNCTION.get(value, value)
    if isinstance(value, Mapping):
        name, config = value.get("class_name"), value.get("config")
        if name == "function" and isinstance(config, str):
            own = ">" not in str(value.get("registered_name") or "") and root_of(value.get("module")) in OWN
            return SAME_FUNCTION.get(config, config) if own else None
        if isinstance(name, str) and name in ACTIVATION_LAYERS:
            return ACTIVATION_LAYERS[name]
        if name == "Activation" and isinstance(config, Mapping):
            return name_activation(config.get("activation"))
    return None


def is_own(layer: Layer) -> bool:
    """Whether a layer is Keras's own class, as far as the file says."""
    if layer.registered_name and ">" in layer.registered_name and not layer.registered_name.startswith("keras"):
        return False
    return layer.module is None or root_of(layer.module) in OWN


def root_of(module: Any) -> str:
    return module.partition(".")[0] if isinstance(module, str) else "builtins"


__all__ = [
    "ATTENTIONS", "AVERAGE_POOLS", "BATCH_NORMS", "CONVOLUTIONS", "DENSE", "DROPOUTS", "EMBEDDINGS", "KERNELS",
    "LINEAR", "MAX_POOLS", "MERGES", "NOISE", "NORMALISING", "PADDINGS", "POOLS", "RECURRENT", "RESHAPES",
    "UPSAMPLINGS", "activation_of", "is_own", "name_activation",
]  # fmt: skip
