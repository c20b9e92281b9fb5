"""Models and layers from their serialised form, nested to any depth without Python's own recursion."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from ..errors import UnreadableModel
from ..graph import Call, Graph, Layer, Shape, Spec, TensorRef, map_structure, replace
from ..knowledge import policy_of
from .nodes import decode_calls, decode_ends
from .order import check_graph
from .values import read_shape

Decoding = Generator[Any, Any, Any]  # yields a decoding it needs, is sent its result, returns its own

OP_LAYERS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer", "ClassMethod", "InstanceMethod", "InstanceProperty")
GRAPHS = ("Sequential", "Functional")
TYPED = (  # operations with an argument ``dtype``
    "Arange", "Array", "Cast", "ConvertToTensor", "Cumprod", "Cumsum", "EmptyLike", "Full", "FullLike", "Geomspace",
    "Linspace", "Logspace", "MultiHot", "Nancumprod", "Nancumsum", "OneHot", "OnesLike", "Prod", "SaturateCast", "View",
    "ZerosLike",
)  # fmt: skip
WRAPPED = ("layer", "cell", "cells", "forward_layer", "backward_layer")
MAX_NESTING = 2_000
MAX_LAYERS = 20_000  # nested ones included: some 10 kB each in a summary
MAX_NAME, MAX_CLASS = 1 << 20, 10_000  # characters
MAX_COLUMN = 1 << 25  # bytes of a table's column of paths, which are all as wide as the longest


def decode_model(data: Any) -> Graph:
    """The graph of a serialised model: what ``config.json`` or the attribute ``model_config`` holds.

    Raises `UnreadableModel` where the config is not one Keras could load: a reference to nothing, a cycle,
    a name used twice.
    """
    if not isinstance(data, Mapping) or not isinstance(data.get("class_name"), str):
        raise UnreadableModel("the config is not a serialised Keras model: it has no 'class_name'")
    layer = run(start_layer(data, is_root=True))
    if layer.inner is not None:
        check_size(layer.inner)
        return layer.inner
    return Graph(
        layer.name, layer.class_name, "subclassed", (), config=layer.config, module=layer.module,
        registered_name=layer.registered_name, built=bool(layer.build_config), build_config=layer.build_config,
    )  # fmt: skip


def check_size(graph: Graph) -> None:
    """Bound the layers of all nested models together, and their paths; each alone is bounded where it is decoded."""
    count = longest = 0
    graphs = [(graph, 0)]
    for one, prefix in graphs:
        count += len(one.layers)
        for layer in one.layers:
            size = prefix + max(len(layer.name), len(layer.class_name)) * (1 if layer.name.isascii() else 4)
            longest = max(longest, size)
            if layer.inner is not None:
                graphs.append((layer.inner, size + 1))
    if count > MAX_LAYERS:
        raise UnreadableModel(f"{graph.name[:100]!r} has {count:,} layers; more than {MAX_LAYERS:,} are not read")
    if count * longest > MAX_COLUMN:
        raise UnreadableModel(f"the names of {graph.name[:100]!r} are too long for {count:,} layers")


def decode_layer(data: Mapping[str, Any]) -> Layer:
    """One serialised layer, with the layers or the model it holds."""
    return run(start_layer(data))


def run(begun: Layer | Decoding) -> Layer:
    """Drive nested decodings with a stack of our own, so that depth is bounded by us and not by Python."""
    if isinstance(begun, Layer):
        return begun
    stack: list[Decoding] = [begun]
    result: Any = None
    while stack:
        try:
            child = stack[-1].send(result)
        except StopIteration as done:
            stack.pop()
            result = done.value
        else:
            if len(stack) >= MAX_NESTING:
                raise UnreadableModel(f"models are nested deeper than {MAX_NESTING} levels")
            stack.append(child)
            result = None
    assert isinstance(result, Layer)
    return result


def start_layer(
    data: Any, *, is_root: bool = False, nodes: Any = None, calls: tuple[Call, ...] = ()
) -> Layer | Decoding:
    """A layer, operation or nested model, with the ``calls`` that the graph around it found in its ``nodes``; what
    holds layers of its own, as its decoding."""
    if not isinstance(data, dict) or not isinstance(data.get("class_name"), str):
        raise UnreadableModel("a layer is not a serialised object with a 'class_name'")
    class_name, registered = read_class(data)
    config = read_config(data, class_name)
    module = data.get("module") or ("__main__" if "module" in data else None)
    build, shared = data.get("build_config"), data.get("shared_object_id")
    known_module, is_registered = module if isinstance(module, str) else None, ">" in data["class_name"]
    kind = find_kind(class_name, known_module, config, nodes, is_registered=is_registered)
    layer = Layer(
        name_of(data, config, class_name), class_name, kind, config, known_module, registered,
        (Call(),) if kind == "input" and calls == () and nodes is not None else calls,
        build_config=build if isinstance(build, dict) else None, shared_id=shared if isinstance(shared, int) else None,
    )  # fmt: skip
    if len(layer.name) > MAX_NAME or len(class_name) > MAX_CLASS:
        raise UnreadableModel("a layer's name or class is too long to be one")
    if kind in ("sequential", "functional"):
        return decoding_model(layer)
    if not is_root:
        held = find_held(config)
        if held:
            return decoding_wrapper(layer, held)
    return layer


def decoding_model(layer: Layer) -> Decoding:
    """A layer that is a model."""
    given = len(layer.config["layers"])
    if given > MAX_LAYERS:
        raise UnreadableModel(f"{layer.name[:100]!r} has {given:,} layers; more than {MAX_LAYERS:,} are not read")
    decoding = decoding_sequential(layer) if layer.kind == "sequential" else decoding_functional(layer)
    return replace(layer, inner=(yield decoding))


def decoding_wrapper(layer: Layer, keys: list[str]) -> Decoding:
    """A layer that holds others under some keys of its config."""
    return replace(layer, wraps=(yield decoding_wrapped(layer.config, keys)))


def read_config(data: Mapping[str, Any], class_name: str) -> Mapping[str, Any]:
    """The config of a serialised object; Keras 1 writes that of a Sequential as the list of its layers."""
    config = data.get("config")
    if isinstance(config, list) and class_name not in ("Functional", "Model"):
        return {"name": data.get("name") or class_name.lower(), "layers": config}
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise UnreadableModel(f"the config of {class_name!r} is not an object")
    return config


def name_of(data: Mapping[str, Any], config: Mapping[str, Any], class_name: str) -> str:
    return str(data.get("name") or config.get("name") or class_name.lower())


def read_class(data: Mapping[str, Any]) -> tuple[str, str | None]:
    """The class name, and the name a custom class is registered under (Keras 2 writes ``package>Class`` for both)."""
    class_name = data["class_name"]
    registered = data.get("registered_name")
    if ">" in class_name:
        return class_name.rpartition(">")[2], class_name
    return class_name, registered if isinstance(registered, str) else None


def find_kind(
    class_name: str, module: str | None, config: Mapping[str, Any], nodes: Any, *, is_registered: bool = False
) -> str:
    """Input, sequential, functional, operation or plain layer, by the class or by a config that only models have."""
    if class_name == "InputLayer":
        return "input"
    layers = config.get("layers")
    if isinstance(layers, list):
        if "input_layers" in config and "output_layers" in config:
            return "functional"
        starts_with_input = bool(layers) and isinstance(layers[0], dict) and layers[0].get("class_name") == "InputLayer"
        if class_name == "Sequential" or "build_input_shape" in config or starts_with_input:
            return "sequential"
    if class_name in GRAPHS and (module is None or module.startswith("keras")) and not isinstance(layers, list):
        raise UnreadableModel(f"the config of a {class_name!r} has no list of layers")
    if class_name in OP_LAYERS or (module is not None and module.startswith(("keras.src.ops", "keras.ops"))):
        return "operation"
    if module is None and not is_registered and is_modern(nodes) and is_bare_operation(class_name, config):
        return "operation"
    return "layer"


def is_modern(nodes: Any) -> bool:
    """Whether a layer's calls are written as Keras 3 writes them."""
    return isinstance(nodes, list) and bool(nodes) and isinstance(nodes[0], dict) and "args" in nodes[0]


def is_bare_operation(class_name: str, config: Mapping[str, Any]) -> bool:
    """An operation as Keras 3 writes it into ``.h5`` files: no module, and none of the flags every layer has."""
    flags = {"trainable"} if class_name in TYPED else {"trainable", "dtype"}
    return not flags & config.keys()


def find_held(config: Mapping[str, Any]) -> list[str]:
    """The keys of a config whose value is a serialised layer, or a list of nothing else."""
    held = []
    for key, value in config.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            holds = all(is_layer_data(item, key) for item in value)
        else:
            holds = isinstance(value, dict) and is_layer_data(value, key)
        if holds:
            held.append(key)
    return held


def decoding_wrapped(config: Mapping[str, Any], keys: list[str]) -> Decoding:
    """The layers that a wrapper's config holds, under the keys that hold them."""
    wraps: dict[str, Any] = {}
    for key in keys:
        value = config[key]
        if isinstance(value, list):
            held = []
            for item in value:
                begun = start_layer(item)
                held.append(begun if isinstance(begun, Layer) else (yield begun))
            wraps[key] = held
        else:
            begun = start_layer(value)
            wraps[key] = begun if isinstance(begun, Layer) else (yield begun)
    return wraps


def is_layer_data(value: Any, key: str) -> bool:
    """Whether a config value is a serialised layer (and not an initializer, regularizer or policy)."""
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        return False
    module = value.get("module")
    if module == "keras.initializers":  # as most are
        return False
    if isinstance(module, str) and module.startswith("keras"):
        return (module in ("keras", "keras.layers", "keras.models") and "DTypePolicy" not in value["class_name"]) or (
            module.startswith(("keras.src.layers", "keras.src.models", "keras.src.engine", "keras.src.ops"))
        )
    return key in WRAPPED or (key == "layers" and "config" in value)


def decoding_sequential(shell: Layer) -> Decoding:
    """A Sequential: each layer is called on the one before it. Without an input shape it is not built."""
    layers: list[Layer] = []
    for data in shell.config["layers"]:
        begun = start_layer(data)
        layers.append(begun if isinstance(begun, Layer) else (yield begun))
    if layers and layers[0].kind != "input":
        entry = make_entry(shell, layers[0])
        if entry is not None:
            layers.insert(0, entry)
    built = bool(layers) and layers[0].kind == "input" and len(layers) > 1
    if built:
        layers = [chain(layer, layers[index - 1] if index else None) for index, layer in enumerate(layers)]
    entry_ref = TensorRef(layers[0].name, 0, 0) if built else None
    exit_ref = TensorRef(layers[-1].name, 0, 0) if built else None
    graph = make_graph(shell, "sequential", layers, entry_ref, exit_ref, {}, built)
    check_graph(graph)
    return graph


def build_sequential(graph: Graph, shape: Shape, dtype: str | None = None) -> Graph:
    """A Sequential saved without an input shape, built for one: ``shape`` with its batch axis, as ``build`` takes it.

    Raises `UnreadableModel` where the graph is no Sequential waiting for a shape.
    """
    if graph.kind != "sequential" or graph.built or not graph.layers:
        raise UnreadableModel(f"{graph.name!r} is not a Sequential that waits for an input shape")
    first = graph.layers[0]
    config = {"name": "input_layer", "batch_shape": list(shape), "dtype": dtype or policy_name(first)}
    entry = Layer("input_layer", "InputLayer", "input", config, "keras.layers")
    layers = [entry, *graph.layers]
    layers = [chain(layer, layers[index - 1] if index else None) for index, layer in enumerate(layers)]
    ends = TensorRef(entry.name, 0, 0), TensorRef(layers[-1].name, 0, 0)
    built = replace(graph, layers=tuple(layers), inputs=ends[0], outputs=ends[1], built=True)
    check_graph(built)
    return built


def policy_name(layer: Layer) -> str:
    """The dtype Keras gives the input it makes: the first layer's compute dtype."""
    return policy_of(layer.config).compute


def chain(layer: Layer, before: Layer | None) -> Layer:
    return replace(layer, calls=(Call((TensorRef(before.name, 0, 0),)) if before else Call(),))


def make_entry(shell: Layer, first: Layer) -> Layer | None:
    """The InputLayer that Keras itself puts before a Sequential whose first layer states its input shape."""
    shape = read_shape(first.config.get("batch_input_shape")) or read_shape(shell.config.get("build_input_shape"))
    if shape is None and shell.build_config:
        shape = read_shape(shell.build_config.get("input_shape"))
    dtype = first.config.get("dtype", "float32")
    if shape is None and first.inner is not None:
        shape, dtype = entry_shape(first.inner)
    if shape is None:
        return None
    if first.class_name == "Embedding":
        dtype = "float32"
    config = {"name": f"{first.name}_input", "batch_shape": list(shape), "dtype": dtype}
    return Layer(f"{first.name}_input", "InputLayer", "input", config)


def entry_shape(graph: Graph) -> tuple[Shape | None, Any]:
    """The shape and dtype of a nested model's only input."""
    refs = graph.input_refs()
    layer = graph.by_name.get(refs[0].layer) if len(refs) == 1 else None
    if layer is None:
        return None, "float32"
    config = layer.config
    return read_shape(config.get("batch_shape") or config.get("batch_input_shape")), config.get("dtype", "float32")


def decoding_functional(shell: Layer) -> Decoding:
    """A Functional model: layers, their calls, and the structures of its inputs and outputs."""
    stated: dict[TensorRef, Spec] = {}
    layers: list[Layer] = []
    legacy = False
    for data in shell.config["layers"]:
        nodes: Any = data.get("inbound_nodes", []) if isinstance(data, dict) else []
        is_input = isinstance(data, dict) and data.get("class_name") == "InputLayer"
        calls = () if is_input else decode_calls(nodes, layer_label(data), stated)
        begun = start_layer(data, nodes=nodes or [], calls=calls)
        layers.append(begun if isinstance(begun, Layer) else (yield begun))
        legacy = legacy or (bool(calls) and not is_modern(nodes))
    inputs, outputs = decode_ends(shell.config["input_layers"]), decode_ends(shell.config["output_layers"])
    graph = make_graph(shell, "functional", layers, inputs, outputs, stated, True)
    graph = count_from_zero(graph, legacy)
    check_graph(graph)
    return graph


def layer_label(data: Any) -> str:
    """A layer's name for messages, whatever it may be."""
    return str(data.get("name")) if isinstance(data, dict) else "?"


def make_graph(
    shell: Layer, kind: str, layers: list[Layer], inputs: Any, outputs: Any, stated: dict[TensorRef, Spec], built: bool
) -> Graph:
    return Graph(
        shell.name, shell.class_name, kind, tuple(layers), inputs, outputs, shell.config, shell.module,
        shell.registered_name, stated, built, shell.build_config,
    )  # fmt: skip


def count_from_zero(graph: Graph, legacy: bool) -> Graph:
    """Undo Keras's built-in node of nested models, so that calls are counted from zero everywhere.

    Keras 2 counts a nested model's calls from 1 throughout; Keras 3 does so for Functional models, in
    ``output_layers`` (and ``input_layers``) only. A custom class may be a Functional model with a config of its own;
    it is one where an output is a call more than there are.
    """
    nested = {layer.name for layer in graph.layers if layer.inner is not None}
    if not legacy:
        functional = {layer.name for layer in graph.layers if layer.kind == "functional"}
        calls = {layer.name: len(layer.calls) for layer in graph.layers if layer.kind == "layer" and layer.calls}
        functional |= {ref.layer for ref in graph.output_refs() if ref.call == calls.get(ref.layer)}
        if not functional:
            return graph

        def shift(ref: Any) -> Any:
            return ref._replace(call=max(ref.call - 1, 0)) if ref.layer in functional else ref

        return replace(graph, inputs=map_structure(shift, graph.inputs), outputs=map_structure(shift, graph.outputs))
    if not nested:
        return graph
    refs = [ref for layer in graph.layers for call in layer.calls for ref in call.refs()] + graph.output_refs()
    lowest = {name: min((ref.call for ref in refs if ref.layer == name), default=0) for name in nested}
    offset = {name for name, call in lowest.items() if call > 0}

    def lower(ref: Any) -> Any:
        return ref._replace(call=ref.call - 1) if isinstance(ref, TensorRef) and ref.layer in offset else ref

    layers = tuple(
        replace(
            layer,
            calls=tuple(
                Call(map_structure(lower, call.args), map_structure(lower, call.kwargs)) for call in layer.calls
            ),
        )
        for layer in graph.layers
    )
    return replace(graph, layers=layers, outputs=map_structure(lower, graph.outputs))
