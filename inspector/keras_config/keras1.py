"""Keras 1 configs in the words of Keras 2: classes and arguments that were renamed in between.

Done once, before the config is decoded, so that nothing behind it needs to know that Keras 1 ever was.
"""

from __future__ import annotations

from typing import Any

CLASSES = {
    "AtrousConvolution1D": "Conv1D", "AtrousConvolution2D": "Conv2D", "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D", "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D",
    "Deconvolution2D": "Conv2DTranspose", "Deconvolution3D": "Conv3DTranspose",
    "SeparableConvolution2D": "SeparableConv2D",
}  # fmt: skip
MERGES = {
    "sum": "Add", "mul": "Multiply", "concat": "Concatenate", "ave": "Average", "max": "Maximum", "dot": "Dot",
    "cos": "Dot",
}  # fmt: skip
RECURRENT = ("SimpleRNN", "LSTM", "GRU")
ARGUMENTS = {
    "nb_filter": "filters", "border_mode": "padding", "subsample": "strides", "subsample_length": "strides",
    "atrous_rate": "dilation_rate", "bias": "use_bias", "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer", "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint",
    "inner_init": "recurrent_initializer", "inner_activation": "recurrent_activation", "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout", "U_regularizer": "recurrent_regularizer", "sigma": "stddev",
    "pool_length": "pool_size", "stride": "strides", "filter_length": "kernel_size", "input_dtype": "dtype",
    "beta_init": "beta_initializer", "gamma_init": "gamma_initializer", "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer", "p": "rate",
}  # fmt: skip
OF_CLASS = {
    "Embedding": {
        "init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "UpSampling1D": {"length": "size"},
    "PReLU": {"init": "alpha_initializer"},
}  # fmt: skip
GONE = {
    "Embedding": ("dropout",), "BatchNormalization": ("mode",), "Conv2DTranspose": ("output_shape",),
    "Conv3DTranspose": ("output_shape",), **dict.fromkeys(RECURRENT, ("consume_less", "forget_bias_init")),
}  # fmt: skip
KERNELS = (("nb_row", "nb_col"), ("kernel_dim1", "kernel_dim2", "kernel_dim3"))
FORMATS = {"th": "channels_first", "tf": "channels_last"}
MARKS = {"nb_filter", "border_mode", "W_regularizer", "dim_ordering", "input_dtype", "inner_init"}
HELD = ("layer", "cell", "forward_layer", "backward_layer")


def is_keras1(data: Any, version: Any) -> bool:
    """Whether a serialised model is Keras 1's: by its version, else by arguments that only Keras 1 has."""
    if isinstance(version, str) and version[:1].isdigit():
        return version.partition(".")[0] in ("0", "1")
    return any(MARKS & set(layer["config"]) for layer in find_layers(data) if isinstance(layer.get("config"), dict))


def translate_keras1(data: Any) -> Any:
    """The same serialised model in Keras 2's words. ``data``, fresh from its file, is changed in place."""
    for layer in find_layers(data):
        config = layer.get("config")
        if isinstance(config, dict) and isinstance(layer.get("class_name"), str) and "layers" not in config:
            translate_layer(layer, config)
    return data


def find_layers(data: Any) -> list[dict[str, Any]]:
    """Every serialised layer in a model, nested and wrapped ones included."""
    found: list[dict[str, Any]] = []
    stack = [data]
    while stack:
        layer = stack.pop()
        if not isinstance(layer, dict):
            continue
        found.append(layer)
        config = layer.get("config")
        if isinstance(config, list):
            stack.extend(config)
        elif isinstance(config, dict):
            layers = config.get("layers")
            stack.extend(layers if isinstance(layers, list) else ())
            stack.extend(config[key] for key in HELD if key in config)
    return found


def translate_layer(layer: dict[str, Any], config: dict[str, Any]) -> None:
    """One layer: its class, then its arguments."""
    if layer["class_name"] == "Merge":
        translate_merge(layer, config)
        return
    name = layer["class_name"] = CLASSES.get(layer["class_name"], layer["class_name"])
    for sizes in KERNELS:
        if all(size in config for size in sizes):
            config["kernel_size"] = [config.pop(size) for size in sizes]
    if "dim_ordering" in config:
        ordering = config.pop("dim_ordering")
        config["data_format"] = FORMATS.get(ordering, ordering) if isinstance(ordering, str) else ordering
    drop_gone(name, config)
    if name != "Embedding" and "output_dim" in config:
        config["units"] = config.pop("output_dim")
    for old, new in {**ARGUMENTS, **OF_CLASS.get(name, {})}.items():
        if old in config:
            config.setdefault(new, translate_value(config.pop(old)))
    if name == "GRU":
        config.setdefault("reset_after", False)  # Keras 1 has this form alone, Keras 3 the other by default


def drop_gone(name: str, config: dict[str, Any]) -> None:
    """Arguments that have no successor."""
    if name in RECURRENT and config.get("forget_bias_init") == "one":
        config["unit_forget_bias"] = True
    for key in (*GONE.get(name, ()), "weights"):
        config.pop(key, None)


def translate_merge(layer: dict[str, Any], config: dict[str, Any]) -> None:
    """``Merge`` became a class for each of its modes; a mode that was a function stays as it is."""
    mode = config.get("mode")
    if not isinstance(mode, str) or mode not in MERGES:
        return
    layer["class_name"] = MERGES[mode]
    kept: dict[str, Any] = {key: config[key] for key in ("name", "trainable") if key in config}
    if mode == "concat":
        kept["axis"] = config.get("concat_axis", -1)
    elif mode in ("dot", "cos"):
        kept |= {"axes": config.get("dot_axes", -1), "normalize": mode == "cos"}
    config.clear()
    config.update(kept)


def translate_value(value: Any) -> Any:
    """A regularizer as Keras 1 writes it, by its name, in the form of Keras 2."""
    if isinstance(value, dict) and value.get("name") in ("WeightRegularizer", "ActivityRegularizer"):
        return {"class_name": "L1L2", "config": {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)}}
    return value
