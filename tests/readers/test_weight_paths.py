"""Which layer owns which stored tensor, by value: the bytes of every layer's weights against the live layer's."""

import keras
import numpy as np
import pytest
import tf_keras
from keras import layers

from inspector.readers import read
from inspector.readers.weight_paths import snake_case


def nested(k):
    inner_in = k.layers.Input((4,), name="inner_in")
    deep = k.Sequential([k.layers.Dense(3, name="d"), k.layers.BatchNormalization(), k.layers.Dense(3)], name="deep")
    inner = k.Model(inner_in, k.layers.Dense(4, name="after")(deep(inner_in)), name="inner")
    x = k.layers.Input((4,), name="x")
    y = k.layers.Dense(2, name="mid")(k.layers.Dropout(0.2, seed=3)(inner(x)))
    y = k.layers.Bidirectional(k.layers.LSTM(2), name="bi")(k.layers.Reshape((2, 1))(y))
    return k.Model(x, k.layers.Dense(1, name="out")(k.layers.Dense(3)(y)), name="outer")


def shared(k):
    dense = k.layers.Dense(4, name="shared")
    i = k.layers.Input((4,), name="i")
    part = k.Model(i, k.layers.Dense(2, name="after")(dense(i)), name="part")
    x = k.layers.Input((4,), name="x")
    own = k.layers.Dense(4, name="own")(dense(x))
    return k.Model(x, [part(own), k.layers.Dense(1, name="head")(own)], name="sharing")


class Branched(keras.Model):
    """A subclass of Functional, with a layer at an attribute."""

    def __init__(self, **options):
        x = layers.Input((4,), name="x")
        first = layers.Dense(3, name="first")
        super().__init__(x, layers.Dense(2, name="second")(first(x)), **options)
        self.attribute = first


def names_with_operations(k):
    x = k.layers.Input((4,), name="x")
    y = k.layers.Add()([k.layers.Dense(4, name="a")(x), x]) + 1.0
    return k.Model(x, k.layers.Dense(2, name="b")(k.layers.Add()([y, x])), name="mixed")


def live_weights(model, prefix=""):
    found = {}
    for layer in model.layers:
        path = prefix + layer.name
        found[path] = sorted(np.asarray(value).tobytes() for value in layer.get_weights())
        if hasattr(layer, "layers"):
            found |= live_weights(layer, f"{path}/")
    return found


def stored_weights(model):
    return {
        path: sorted(w.load() for w in weights if not (w.dtype == "uint32" and w.shape == (2,)))
        for path, weights in model.weights.by_layer.items()
    }


def check(model, path):
    live, stored = live_weights(model), stored_weights(read(path))
    assert {name: stored.get(name) for name in live} == live
    assert not read(path).weights.unclaimed


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("build", [nested, names_with_operations])
def test_keras3(build, ending, tmp_path):
    model = build(keras)
    model.save(tmp_path / f"m.{ending}")
    check(model, tmp_path / f"m.{ending}")


def test_a_layer_shared_with_a_nested_model_is_found_from_both(tmp_path):
    model = shared(keras)
    model.save(tmp_path / "m.keras")
    check(model, tmp_path / "m.keras")


def test_a_layer_at_an_attribute_of_a_functional_subclass(tmp_path):
    model = Branched(name="branched")
    model.save(tmp_path / "m.keras")
    weights = read(tmp_path / "m.keras").weights
    assert not weights.unclaimed
    assert sorted(w.shape for found in weights.by_layer.values() for w in found) == [(2,), (3,), (3, 2), (4, 3)]


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_tf_keras(ending, tmp_path):
    model = nested(tf_keras)
    model.save(tmp_path / f"m.{ending}")
    live, stored = live_weights(model), stored_weights(read(tmp_path / f"m.{ending}"))
    assert {name: stored.get(name) for name in live} == live


def test_unzipped_sharded_and_deflated(tmp_path):
    import zipfile

    model = nested(keras)
    model.save(tmp_path / "m.keras")
    model.save(tmp_path / "m.dir", zipped=False)
    with zipfile.ZipFile(tmp_path / "m.keras") as source, zipfile.ZipFile(tmp_path / "d.keras", "w", 8) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    for name in ("m.dir", "d.keras"):
        check(model, tmp_path / name)
    model.save_weights(tmp_path / "s.weights.json", max_shard_size=4e-7)
    model.save_weights(tmp_path / "one.weights.h5")
    assert len(list(tmp_path.glob("s_*.weights.h5"))) > 1
    one, several = read(tmp_path / "one.weights.h5"), read(tmp_path / "s.weights.json")
    assert {w.path: w.load() for w in one.weights.tensors} == {w.path: w.load() for w in several.weights.tensors}
    kept = {path: sum(w.nbytes for w in found) for path, found in one.weights.by_layer.items() if found}
    assert {path: sum(w.nbytes for w in found) for path, found in several.weights.by_layer.items() if found} == kept


def test_keras2_weights_file_lists_top_level_layers(tmp_path):
    model = nested(tf_keras)
    model.save_weights(tmp_path / "w.h5")
    found = read(tmp_path / "w.h5")
    assert (found.format, found.graph.kind, found.keras_version) == ("weights-h5", "weights", tf_keras.__version__)
    live = {path: values for path, values in live_weights(model).items() if "/" not in path}
    assert stored_weights(found) == live


def test_optimizer_stands_apart(tmp_path):
    model = nested(keras)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    for ending in ("keras", "h5"):
        model.save(tmp_path / f"m.{ending}")
        index = read(tmp_path / f"m.{ending}").weights
        assert len(index.optimizer) == len(model.optimizer.variables)
        assert sum(w.size for w in index.optimizer) == sum(int(np.prod(v.shape)) for v in model.optimizer.variables)
        assert not {w.path for w in index.optimizer} & {w.path for w in index.tensors}


def test_an_unbuilt_layer_is_not_said_to_be_empty(tmp_path):
    keras.Sequential([layers.Dense(3, name="d")]).save(tmp_path / "m.keras")
    assert read(tmp_path / "m.keras").weights.by_layer == {}


def test_subclassed_model_is_known_from_its_store(tmp_path):
    class Sub(keras.Model):
        def __init__(self, **options):
            super().__init__(**options)
            self.first = layers.Dense(3, name="named")
            self.blocks = [layers.Dense(3, name="p"), layers.Dense(2, name="q")]
            self.scale = self.add_weight(shape=(5,), name="scale")

        def call(self, x):
            return self.blocks[1](self.blocks[0](self.first(x)))

    model = Sub(name="sub")
    model(np.ones((1, 4)))
    model.save(tmp_path / "m.keras")
    found = read(tmp_path / "m.keras")
    assert found.graph.kind == "subclassed"
    assert sorted(layer.name for layer in found.graph.layers) == ["named", "p", "q", "vars"]
    assert sum(w.size for w in found.weights.tensors) == model.count_params()


def test_names_are_spelled_as_keras_spells_them():
    from keras.src.utils.naming import to_snake_case

    classes = [value for value in vars(keras.layers).values() if isinstance(value, type)]
    exported = {"GroupedQueryAttention": "GroupQueryAttention"}
    for cls in classes:
        name = exported.get(cls.__name__, cls.__name__)
        assert snake_case(name) == to_snake_case(cls.__name__)
