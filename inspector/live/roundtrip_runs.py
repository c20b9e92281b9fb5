"""Running a model to compare it: on the same random inputs in every process, for outputs and for a training step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras import tree

from .fingerprint import Document, nest
from .given import given_inputs
from .recovery.forward import call_arguments, first_run
from .recovery.inputs import InputSpec, TensorSpec, concrete, map_leaves, random_inputs, recorded_inputs
from .recovery.records import plain
from .recovery.state import generators_kept, patched, variables_kept

SEED = 7
BATCH = 2
BATCHES = 1_000_000  # of a fit: all of the data is one batch


def find_inputs(model: Any, given: Any) -> InputSpec | None:
    """What to call the model with: as declared, as given, or as it was built; ``None`` where nothing says."""
    graph = getattr(model, "_functional", None) or model
    struct = getattr(graph, "_inputs_struct", None)
    if struct is not None:
        limits = embedding_limits(graph)
        spec = InputSpec((tree.map_structure(lambda t: tensor_spec(t, limits), struct),))
        fixed = any(leaf.shape and leaf.shape[0] is not None for leaf in spec.flat())
        return concrete(InputSpec(spec.args, fixed_batch=fixed), None if fixed else BATCH)
    spec_given = given_inputs(model, given) if given else None
    spec = spec_given or recorded_inputs(model)  # type: ignore[assignment]
    return first_run(model, spec, SEED)[1] if spec is not None else None


def tensor_spec(tensor: Any, limits: dict[int, int]) -> TensorSpec:
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return TensorSpec(tuple(tensor.shape), dtype, limit=limits.get(id(tensor)))


def embedding_limits(graph: Any) -> dict[int, int]:
    """The inputs that go straight into an Embedding, and how many rows it has."""
    limits: dict[int, int] = {}
    for layer in graph.layers:
        for node in layer._inbound_nodes if isinstance(layer, keras.layers.Embedding) else ():
            for tensor in node.input_tensors:
                limits[id(tensor)] = min(limits.get(id(tensor), layer.input_dim), layer.input_dim)
    return limits


def spell_inputs(spec: InputSpec) -> Document:
    """The inputs as JSON, from which another process makes the same data."""

    def leaf(item: TensorSpec) -> Any:
        return {"__tensor__": [list(item.shape), item.dtype, item.limit]}

    return {"args": plain([map_leaves(leaf, arg) for arg in spec.args]),
            "kwargs": {key: plain(map_leaves(leaf, value)) for key, value in spec.kwargs.items()}}  # fmt: skip


def read_inputs(document: Document) -> InputSpec:
    """What `spell_inputs` wrote; tuples come back as lists."""

    def read(value: Any) -> Any:
        if isinstance(value, dict) and "__tensor__" in value:
            shape, dtype, limit = value["__tensor__"]
            return TensorSpec(tuple(shape), dtype, limit=limit)
        if isinstance(value, dict):
            return {key: read(item) for key, item in value.items()}
        return [read(item) for item in value]

    return InputSpec(tuple(read(document["args"])), {key: read(value) for key, value in document["kwargs"].items()})


def call_model(model: Any, spec: InputSpec, seed: int = SEED) -> tuple[list[Any], Any]:
    """Flat outputs as arrays, and their structure; variables are put back. The seed is of what `call` itself draws."""
    args, kwargs = random_inputs(spec, SEED)
    args, kwargs = tree.map_structure(as_tensor, (args, kwargs))
    keras.utils.set_random_seed(seed)
    with generators_kept(seed), variables_kept(), seeds_fixed():
        outputs = model(*args, **kwargs, **call_arguments(model))
    return flat_arrays(outputs)


@contextmanager
def seeds_fixed() -> Iterator[Callable[[], None]]:
    """Let every generator of Keras that is drawn from start at one state, and again where what this yields is called.

    A loaded model's generators start anew, by design, and what it draws would tell of that alone.
    """
    met: list[Any] = []  # kept, so that no other generator takes an id

    def draw(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not any(self is one for one in met):
            met.append(self)
            self.state.assign(keras.ops.full_like(self.state, SEED + len(met)))
        return original(self, *args, **kwargs)

    original = keras.random.SeedGenerator.next
    with patched(keras.random.SeedGenerator, "next", draw):
        yield met.clear


def as_tensor(value: Any) -> Any:
    if value.dtype == object:
        import tensorflow as tf

        return tf.constant(value.tolist())
    return keras.ops.convert_to_tensor(value)


def flat_arrays(outputs: Any) -> tuple[list[Any], Any]:
    leaves = [leaf for leaf in tree.flatten(outputs) if leaf is not None]
    arrays = [plain_array(leaf) for leaf in leaves if hasattr(leaf, "dtype")]
    return arrays, nest(outputs, lambda t: [list(t.shape), keras.backend.standardize_dtype(t.dtype)])


def plain_array(tensor: Any) -> Any:
    """An array of a dtype that NumPy itself has."""
    array = keras.ops.convert_to_numpy(tensor)
    return array.astype("float32") if str(array.dtype) in ("bfloat16", "float8_e4m3fn", "float8_e5m2") else array


def train_once(model: Any, spec: InputSpec) -> Document:
    """One training step on seeded data: its loss, and how far each variable moved. The model stays trained."""
    if not getattr(model, "compiled", False):
        return {"skipped": "the model is not compiled"}
    if len(spec.args) != 1 or spec.kwargs:
        return {"skipped": "it takes several arguments"}
    try:
        return step(model, spec)
    except Exception as error:  # the user's loss, and targets that do not fit it; or Keras cannot train what it loaded
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"}


def step(model: Any, spec: InputSpec) -> Document:
    import numpy as np

    data = random_inputs(spec, SEED)[0][0]
    keras.utils.set_random_seed(SEED)
    outputs = model(tree.map_structure(as_tensor, data), **call_arguments(model))
    sparse = "sparse" in repr(model.get_compile_config() or "").lower()
    rng = np.random.default_rng(SEED)

    def target(tensor: Any) -> Any:
        return np.zeros(tensor.shape[:-1], "int32") if sparse else rng.uniform(size=tensor.shape).astype("float32")

    before = [keras.ops.convert_to_numpy(v.value).astype("float64") for v in model.trainable_variables]
    model.run_eagerly, model.train_function = True, None  # one that was traced before would be run as it is
    keras.utils.set_random_seed(SEED)
    with generators_kept(SEED), seeds_fixed() as start:  # `fit` gives a custom train_step x and y, as it expects
        train_step = model.train_step
        # A model that has not been trained is first called on symbols, which draws from its generators too
        vars(model)["train_step"] = lambda *batch: (start(), train_step(*batch))[1]
        logs = model.fit(
            data, tree.map_structure(target, outputs), batch_size=BATCHES, shuffle=False, verbose=0
        ).history
    after = [keras.ops.convert_to_numpy(v.value).astype("float64") for v in model.trainable_variables]
    moved = [float(np.linalg.norm(new - old)) for new, old in zip(after, before, strict=True)]
    loss = logs.get("loss") or next(iter(logs.values()), [0.0])
    return {"loss": float(np.asarray(loss[0])), "moved": moved}
