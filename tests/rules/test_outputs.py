"""Outputs, losses and metrics: sound models that come near each rule, and the same faults in every dialect."""

import json
import zipfile

import pytest

from inspector.graph import Graph, Model
from inspector.linting.run import check_file, check_model
from inspector.rules import load_rule, rule_modules
from inspector.testing import model_from

CODES = [code for code in rule_modules() if code.startswith("KS1")] + ["KS301", "KS303"]
SOUND = {
    "super resolution: relu before pixels are rearranged": """
x = keras.Input((None, None, 1))
y = layers.Conv2D(9, 3, padding='same', activation='relu')(x)
y = ops.reshape(y, (-1, 24, 24, 1))
model = keras.Model(x, y)
model.compile('adam', 'mse')""",
    "language model: logits with a loss, features without": """
x = keras.Input((20,), dtype='int32')
y = layers.Embedding(50, 8)(x)
y = layers.Add()([y, layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)])
model = keras.Model(x, [layers.Dense(50)(y), y])
model.compile('adam', loss=[keras.losses.SparseCategoricalCrossentropy(from_logits=True), None])""",
    "segmentation with a softmax at every pixel": """
x = keras.Input((16, 16, 3))
y = layers.Conv2D(8, 3, activation='relu', padding='same')(x)
model = keras.Model(x, layers.Conv2D(3, 3, activation='softmax', padding='same')(y))
model.compile('rmsprop', 'sparse_categorical_crossentropy', metrics=['accuracy', keras.metrics.MeanIoU(3)])""",
    "segmentation of one class": """
x = keras.Input((16, 16, 3))
model = keras.Model(x, layers.Conv2D(1, 1, activation='sigmoid')(x))
model.compile('adam', keras.losses.Dice(), metrics=['accuracy', keras.metrics.BinaryIoU([1])])""",
    "autoencoder of pictures": """
x = keras.Input((28, 28, 1))
y = layers.Conv2D(8, 3, activation='relu', padding='same', strides=2)(x)
model = keras.Model(x, layers.Conv2DTranspose(1, 3, strides=2, activation='sigmoid', padding='same')(y))
model.compile('adam', 'binary_crossentropy')""",
    "mixed precision: float32 softmax": """
x = keras.Input((8,))
y = layers.Dense(5, dtype='mixed_float16')(x)
model = keras.Model(x, layers.Activation('softmax', dtype='float32')(y))
model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), 'sparse_categorical_crossentropy')""",
    "ensemble: the average of softmaxes": """
x = keras.Input((8,))
model = keras.Model(x, layers.Average()([layers.Dense(5, activation='softmax')(x) for _ in range(3)]))
model.compile('adam', 'categorical_crossentropy', metrics=['accuracy'])""",
    "several labels": """
model = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='sigmoid')])
model.compile('adam', 'binary_crossentropy', metrics=['categorical_accuracy', 'binary_accuracy'])""",
    "deep Q": """
model = keras.Sequential([layers.Input((4,)), layers.Dense(8, 'relu'), layers.Dense(2, 'linear')])
model.compile(keras.optimizers.Adam(0.00025, clipnorm=1.0), keras.losses.Huber())""",
    "actor and critic": """
x = keras.Input((4,))
model = keras.Model(x, [layers.Dense(2, 'softmax', name='actor')(x), layers.Dense(1, name='critic')(x)])
model.compile('adam', {'actor': 'kl_divergence', 'critic': 'mse'})""",
    "policy scaled to its bounds": """
x = keras.Input((4,))
model = keras.Model(x, layers.Dense(1, activation='tanh')(x) * 2.0)
model.compile(keras.optimizers.Adam(1e-3), 'mse')""",
    "support vectors": """
model = keras.Sequential([layers.Input((4,)), layers.Dense(1)])
model.compile('adam', 'squared_hinge', metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)])""",
    "counts": """
model = keras.Sequential([layers.Input((4,)), layers.Dense(1, activation='exponential')])
model.compile('adam', 'poisson', metrics=['mae'])""",
    "least squares adversary": """
model = keras.Sequential([layers.Input((4,)), layers.Dense(1)])
model.compile(keras.optimizers.RMSprop(5e-5), 'mse')""",
    "attention over instances": """
xs = [keras.Input((6,)) for _ in range(3)]
s = layers.Softmax(axis=1)(layers.Concatenate(axis=1)([layers.Dense(1)(x) for x in xs]))
y = layers.Concatenate()([layers.Multiply()([x, s[:, i:i + 1]]) for i, x in enumerate(xs)])
model = keras.Model(xs, layers.Dense(2, activation='softmax')(y))
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])""",
    "attention with a softmax over steps": """
x = keras.Input((10, 8))
e = layers.Dense(1, activation='tanh')(x)
a = layers.RepeatVector(8)(layers.Activation('softmax')(layers.Flatten()(e)))
y = layers.Lambda(lambda t: ops.sum(t, axis=1))(layers.Multiply()([x, layers.Permute((2, 1))(a)]))
model = keras.Model(x, layers.Dense(1, activation='sigmoid')(y))
model.compile('adam', 'binary_crossentropy', metrics=['accuracy', 'AUC'])""",
    "a siamese pair": """
x = [keras.Input((8,)), keras.Input((8,))]
f = keras.Sequential([layers.Input((8,)), layers.Dense(4)])
d = layers.Lambda(lambda t: ops.sqrt(ops.sum(ops.square(t[0] - t[1]), axis=1, keepdims=True)))([f(x[0]), f(x[1])])
model = keras.Model(x, layers.Dense(1, activation='sigmoid')(layers.BatchNormalization()(d)))
model.compile('rmsprop', lambda a, b: ops.mean(a * b), metrics=['accuracy'])""",
    "temperature": """
x = keras.Input((8,))
model = keras.Model(x, layers.Dense(5)(x) / 0.5)
model.compile('adam', keras.losses.CategoricalCrossentropy(from_logits=True), metrics=['accuracy'])""",
    "image, box and class": """
x = keras.Input((16, 16, 3))
f = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation='relu')(x))
model = keras.Model(x, {'box': layers.Dense(4, 'sigmoid')(f), 'kind': layers.Dense(6, 'softmax')(f), 'features': f})
model.compile('adam', {'box': 'mse', 'kind': 'sparse_categorical_crossentropy'},
              metrics={'kind': ['accuracy'], 'box': ['mae']})""",
    "per-frame probabilities, averaged": """
x = keras.Input((7, 8))
model = keras.Model(x, layers.GlobalAveragePooling1D()(layers.Dense(4, activation='softmax')(x)))
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['sparse_categorical_accuracy'])""",
    "speech: CTC": """
x = keras.Input((30, 8))
y = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(x)
model = keras.Model(x, layers.Dense(12, activation='softmax')(y))
model.compile('adam', keras.losses.CTC())""",
    "tagging": """
x = keras.Input((None,), dtype='int32')
y = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(layers.Embedding(30, 8, mask_zero=True)(x))
model = keras.Model(x, layers.TimeDistributed(layers.Dense(9, activation='softmax'))(y))
model.compile('adam', 'sparse_categorical_crossentropy', weighted_metrics=['accuracy'])""",
    "distribution over bins": """
x = keras.Input((8,))
p = layers.Dense(11, activation='softmax')(x)
model = keras.Model(x, ops.sum(p * np.arange(11, dtype='float32'), axis=-1, keepdims=True))
model.compile('adam', 'mae')""",
    "gates of an expert mixture": """
x = keras.Input((8,))
g = layers.Dense(3, activation='softmax')(x)
e = ops.stack([layers.Dense(1)(x) for _ in range(3)], axis=1)
model = keras.Model(x, ops.sum(ops.expand_dims(g, -1) * e, axis=1))
model.compile('adam', 'mse', metrics=[keras.metrics.RootMeanSquaredError()])""",
    "log-probabilities with a loss of one's own": """
model = keras.Sequential([layers.Input((8,)), layers.Dense(5, activation='log_softmax')])
model.compile('adam', lambda y, p: -ops.mean(ops.sum(y * p, axis=-1)), metrics=['accuracy'])""",
    "sigmoid of a product": """
u, v = keras.Input((1,)), keras.Input((1,))
a, b = (layers.Flatten()(layers.Embedding(9, 4)(t)) for t in (u, v))
model = keras.Model([u, v], ops.sigmoid(layers.Dot(axes=1)([a, b])))
model.compile(keras.optimizers.Adagrad(0.1), 'binary_crossentropy')""",
}
FAULTS = [
    ("KS101", "Dense(5, activation='softmax')", "loss=L.CategoricalCrossentropy(from_logits=True)"),
    ("KS102", "Dense(5)", "loss='categorical_crossentropy'"),
    ("KS102", "Dense(1)", "loss=L.BinaryCrossentropy()"),
    ("KS103", "Dense(1, activation='softmax')", "loss='binary_crossentropy'"),
    ("KS104", "Dense(5, activation='sigmoid')", "loss=L.categorical_crossentropy"),
    ("KS105", "Dense(5, activation='softmax')", "loss='BCE'"),
    ("KS106", "Dense(5, activation='relu')", "loss=L.SparseCategoricalCrossentropy()"),
    ("KS107", "Dense(1, activation='sigmoid')", "loss='sparse_categorical_crossentropy'"),
    ("KS108", "Dense(5, activation='softmax')", "loss='MSE'"),
    ("KS109", "Dense(5, activation='tanh')", "loss=L.MeanSquaredError()"),
    ("KS110", "Dense(5, activation='relu')", "loss='mean_absolute_error'"),
    ("KS111", "Dense(1)", "loss='mse', metrics=['accuracy']"),
    ("KS112", "Dense(1)", "loss=L.BinaryCrossentropy(from_logits=True), metrics=['accuracy']"),
    ("KS112", "Dense(1)", "loss=L.BinaryCrossentropy(from_logits=True), metrics=[keras.metrics.Precision()]"),
    ("KS113", "Dense(5, activation='softmax')",
     "loss='categorical_crossentropy', metrics=['sparse_categorical_accuracy']"),
    ("KS116", "Dense(5), layers.Softmax(axis=1)", "loss='categorical_crossentropy'"),
    ("KS117", "Dense(5)", "loss=None"),
    ("KS301", "Dense(5)", "optimizer=keras.optimizers.Adam(2.0), loss='mse'"),
    (None, "Dense(5, activation='softmax')", "loss='categorical_crossentropy', metrics=['accuracy', 'acc']"),
    (None, "Dense(5, activation='softmax')", "loss='sparse_categorical_crossentropy', metrics=['accuracy']"),
    (None, "Dense(1, activation='sigmoid')", "loss='binary_crossentropy', metrics=['accuracy', 'AUC']"),
    (None, "Dense(2)", "optimizer=keras.optimizers.SGD(0.1), loss='mse', metrics=['mae']"),
]  # fmt: skip


def rules():
    return [load_rule(code) for code in CODES]


def above_info(findings):
    return [(finding.code, finding.message) for finding in findings if finding.severity != "info"]


@pytest.mark.parametrize("title", SOUND)
def test_sound_models_are_left_alone(title):
    import keras
    import numpy as np

    names = {"keras": keras, "layers": keras.layers, "ops": keras.ops, "np": np}
    exec(SOUND[title], names)
    findings = check_model(model_from(names["model"]), rules())
    assert above_info(findings) == []
    assert not [finding for finding in findings if finding.code in ("KS117", "KS690")]


def faulty(keras, layer, arguments):
    steps = ", layers.".join(["Input((6, 8))" if "axis" in layer else "Input((8,))", layer.replace("layers.", "")])
    if "axis" in layer:
        steps = "Input((6, 8)), layers." + layer
    names = {"keras": keras, "layers": keras.layers, "L": keras.losses}
    exec(f"model = keras.Sequential([layers.{steps}])\nmodel.compile({arguments})", names)
    return names["model"]


@pytest.mark.parametrize("how", ["keras", "h5", "dir", "json", "live"])
@pytest.mark.parametrize("version", ["keras", "tf_keras"])
def test_faults_in_every_dialect(version, how, tmp_path):
    """What a fault is in one form of a model, it is in all that hold it; nothing graver is said beside it."""
    keras = pytest.importorskip(version)
    if version == "tf_keras" and how == "json":
        pytest.skip("Keras 2 writes no compilation to JSON")
    for code, layer, arguments in FAULTS:
        if code == "KS117" and how == "json":
            continue
        model = faulty(keras, layer, arguments)
        found = (
            check_model(model_from(model), rules())
            if how == "live"
            else check_file(save(model, how, tmp_path), rules())
        )
        codes = {finding.code for finding in found}
        assert code is None or code in codes, (arguments, found)
        beside = {"KS103": {"KS105"}, "KS107": set(), "KS116": {"KS101"}}.get(code, set())
        assert {c for c, _ in above_info(found)} <= {code} | beside, (arguments, found)


def save(model, how, folder):
    if how == "json":
        path = folder / "config.json"
        path.write_text(model.to_json())
    elif how == "dir":
        model.save(folder / "m.keras")
        path = folder / "unzipped"
        with zipfile.ZipFile(folder / "m.keras") as archive:
            archive.extractall(path)
    else:
        path = folder / f"m.{how}"
        model.save(path)
    return str(path)


@pytest.mark.parametrize("value", [
    3, "x", [], {}, None, True, 10**400, float("nan"), [[[[3]]]], {"class_name": "Adam", "config": 7},
    {"class_name": "Adam", "config": {"learning_rate": 10**400}},
    {"class_name": "SGD", "config": {"learning_rate": []}},
    {"class_name": "BinaryCrossentropy", "config": {"from_logits": "yes", "axis": 10**400}, "module": "keras.losses"},
    {"class_name": "Adam", "config": {"learning_rate": {"class_name": "PiecewiseConstantDecay",
                                                        "config": {"values": {"a": 1}}}}},
    {"class_name": "LossScaleOptimizer", "config": {"inner_optimizer": {"class_name": "LossScaleOptimizer",
                                                                        "config": {}}}},
])  # fmt: skip
def test_hostile_compile_configs(value, tmp_path):
    """Whatever stands where a loss, metric or optimizer should: no rule fails."""
    import keras

    if isinstance(value, int) and value > 10**300:
        value = str(value)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    data = json.loads(model.to_json())
    data["compile_config"] = dict.fromkeys(("optimizer", "loss", "metrics", "weighted_metrics"), value)
    data["config"]["layers"][-1]["compile_config"] = value
    path = tmp_path / "config.json"
    path.write_text(json.dumps(data))
    assert [finding for finding in check_file(str(path), rules()) if finding.code == "KS690"] == []


def test_not_compiled_is_not_said_of_what_is_not_known():
    """A live model whose own ``get_compile_config`` fails is compiled, and that is all that is known."""
    graph = Graph("m", "Functional", "functional", ())
    rule = [load_rule("KS117")]
    assert check_model(Model(graph, "code", "m.py:m", "3.15.1", {}), rule) == []
    assert len(check_model(Model(graph, "code", "m.py:m", "3.15.1", None), rule)) == 1
