"""How a model was compiled, held to what Keras itself makes of the same arguments, in every dialect."""

import itertools

import pytest

from inspector.analyses.facts import find_facts
from inspector.analyses.flow import find_flow
from inspector.analyses.loss_names import LOSSES, METRICS, OPTIMIZERS
from inspector.analyses.training import read_training
from inspector.api import read
from inspector.graph import Model
from inspector.testing import model_from


def single(keras):
    x = keras.Input((4,))
    return keras.Model(x, keras.layers.Dense(3, name="a")(x))


def sequential(keras):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="a")])


def two(keras):
    x = keras.Input((4,))
    return keras.Model(x, [keras.layers.Dense(3, name="a")(x), keras.layers.Dense(3, name="b")(x)])


def keyed(keras):
    x = keras.Input((4,))
    return keras.Model(x, {"z": keras.layers.Dense(3, name="a")(x), "y": keras.layers.Dense(3, name="b")(x)})


def own_loss(y_true, y_pred):
    return (y_true - y_pred) ** 2


LOSS_CASES = [
    lambda k: "mse", lambda k: k.losses.Huber(), lambda k: k.losses.mean_absolute_error, lambda k: own_loss,
    lambda k: ["mse"], lambda k: ["mse", "mae"], lambda k: ["mse", None], lambda k: [None, "mae"],
    lambda k: ("mse", k.losses.CategoricalCrossentropy(from_logits=True)),
    lambda k: {"a": "mse"}, lambda k: {"b": "mse", "a": "mae"}, lambda k: {"a": None, "b": "mae"},
    lambda k: {"z": "mse"}, lambda k: {"z": "mse", "y": k.losses.LogCosh()}, lambda k: {"c": "mse"},
    lambda k: {"a": ["mse", "mae"], "b": "mae"}, lambda k: "MeanSquaredError", lambda k: None,
    lambda k: "BCE", lambda k: "kl_divergence",
]  # fmt: skip
METRIC_CASES = [
    lambda k: None, lambda k: ["mae"], lambda k: ["mae", "mse"], lambda k: [["mae"], ["mse", "accuracy"]],
    lambda k: [["mae"], None], lambda k: [k.metrics.AUC(), k.metrics.CategoricalAccuracy(name="x")],
    lambda k: {"a": "mae"}, lambda k: {"b": ["mae", k.metrics.Precision()]}, lambda k: {"z": ["mse"], "y": "mae"},
    lambda k: {"c": "mae"}, lambda k: ["accuracy"], lambda k: [k.metrics.categorical_accuracy, own_loss],
    lambda k: ["mae", "mse", "mape"],
]  # fmt: skip
BUILDERS = [single, sequential, two, keyed]


def class_of(given):
    """Keras's class behind what it resolved: an object, or a wrapper around a function."""
    fn = getattr(given, "fn", None) or getattr(given, "_fn", None)
    name = type(given).__name__
    return METRICS.get(fn.__name__, fn.__name__) if name in ("LossFunctionWrapper", "MeanMetricWrapper") else name


def outputs_of(model):
    """The model's outputs as arrays in Keras's structure, and where each of the flat ones lies."""
    import numpy as np

    y = model(np.ones((2, 4), "float32"))
    return y, sorted(y) if isinstance(y, dict) else range(len(y)) if isinstance(y, (list, tuple)) else [None]


def losses_in_keras(model):
    """The losses of each flat output; `None` where Keras refuses the structure."""
    y, places = outputs_of(model)
    if model._compile_loss is None:
        return [[] for _ in places]
    try:
        model._compile_loss.build(y, y)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    found = {place: [] for place in places}
    for path, loss, _, _ in model._compile_loss._flat_losses:
        if not path and list(places) != [None]:
            return None  # a loss of the outputs as a whole, which no loss of Keras computes
        found[place_of(path, places, model)].append(class_of(loss))
    return [found[place] for place in places]


def place_of(path, places, model):
    """Where a loss acts: Keras counts the outputs, or calls them by name, though they be a list or one tensor."""
    if list(places) == [None] or path[0] in places:
        return None if list(places) == [None] else path[0]
    return model.output_names.index(path[0])


def metrics_in_keras(model):
    y, places = outputs_of(model)
    if model._compile_metrics is None:
        return [[] for _ in places]
    try:
        model._compile_metrics.build(y, y)
    except ValueError:
        return None
    names = [
        [class_of(metric) for metric in one.metrics] if one else [] for one in model._compile_metrics._flat_metrics
    ]
    if isinstance(y, dict):
        return [names[list(model._compile_metrics._resolved_output_names).index(place)] for place in places]
    return names


def read_back(model, how, folder):
    if how == "live":
        return model_from(model)
    model.save(folder / f"m.{how}")
    return read(folder / f"m.{how}")


def handed_out(model: Model):
    training, flow = read_training(model), find_flow(find_facts(model))
    ends = flow.output_names, flow.output_keys
    return (
        [[named.name for named in given] for given in training.losses_for(*ends)],
        [[named.name for named in given] for given in training.metrics_for(*ends)],
    )


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("how", ["keras", "h5", "live"])
def test_losses_reach_the_outputs_that_keras_gives_them_to(build, how, tmp_path):
    import keras

    for index, make in enumerate(LOSS_CASES):
        model = build(keras)
        model.compile("adam", make(keras))
        expected = losses_in_keras(model)
        handed, _ = handed_out(read_back(model, how, tmp_path))
        if build is sequential and isinstance(make(keras), dict):
            continue  # Keras fails on a dict for a Sequential, whatever its key
        assert handed == (expected or [[] for _ in handed]), (index, make(keras))


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("how", ["keras", "h5", "live"])
def test_metrics_reach_the_outputs_that_keras_gives_them_to(build, how, tmp_path):
    import keras

    for index, make in enumerate(METRIC_CASES):
        model = build(keras)
        model.compile("adam", "mse", metrics=make(keras))
        expected = metrics_in_keras(model)
        if how == "h5" and expected is None:
            continue
        _, handed = handed_out(read_back(model, how, tmp_path))
        resolved = [["CategoricalAccuracy" if name == "accuracy" else name for name in given] for given in handed]
        assert resolved == (expected or [[] for _ in handed]), (index, make(keras))


@pytest.mark.parametrize("how", ["keras", "h5"])
def test_keras_2_hands_out_in_its_own_way(how, tmp_path):
    """A flat list of metrics goes to all outputs, and a dict of losses may leave one out."""
    keras = pytest.importorskip("tf_keras")
    cases = [
        ("mse", ["mae"], [["MeanSquaredError"]] * 2, [["MeanAbsoluteError"]] * 2),
        ({"b": "mse"}, {"b": ["mse", "acc"]}, [[], ["MeanSquaredError"]], [[], ["MeanSquaredError", "accuracy"]]),
        (["mae", keras.losses.CategoricalCrossentropy(from_logits=True)], [["mae"], ["accuracy"]],
         [["MeanAbsoluteError"], ["CategoricalCrossentropy"]], [["MeanAbsoluteError"], ["accuracy"]]),
        ("logcosh", ["mae", "mse"], [["LogCosh"]] * 2, [["MeanAbsoluteError", "MeanSquaredError"]] * 2),
        ("huber_loss", [keras.metrics.categorical_accuracy], [["Huber"]] * 2, [["CategoricalAccuracy"]] * 2),
    ]  # fmt: skip
    for loss, metrics, losses_expected, metrics_expected in cases:
        model = two(keras)
        model.compile("adam", loss, metrics=metrics)
        assert handed_out(read_back(model, how, tmp_path)) == (losses_expected, metrics_expected)


@pytest.mark.parametrize("how", ["keras", "h5", "live"])
def test_whose_a_loss_is(how, tmp_path):
    """Keras's own by name or object, whatever wraps it; a user's function or class is never taken for one."""
    import keras

    class OwnLoss(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    class Huber(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return y_true - y_pred

    wrapper = keras.src.losses.losses.LossFunctionWrapper
    cases = [
        (keras.losses.BinaryCrossentropy(from_logits=True), "BinaryCrossentropy", True, True),
        (keras.losses.binary_crossentropy, "BinaryCrossentropy", True, False),
        (wrapper(keras.losses.binary_crossentropy, from_logits=True), "BinaryCrossentropy", True, True),
        (wrapper(own_loss), "own_loss", False, False),
        (own_loss, "own_loss", False, False),
        (OwnLoss(), "OwnLoss", False, False),
    ]
    cases += [(Huber(), "Huber", False, False)] if how != "h5" else []  # an .h5 file does not say whose class it is
    for loss, name, own, logits in cases:
        model = single(keras)
        model.compile("adam", loss)
        found = read_training(read_back(model, how, tmp_path)).loss
        assert (found.name, found.own, found.from_logits) == (name, own, logits)


def test_every_word_that_keras_takes():
    """Each name of Keras's own tables leads to the class Keras means by it."""
    from keras.src import losses, metrics, optimizers

    for word, made in losses.ALL_OBJECTS_DICT.items():
        if word not in ("Loss", "LossFunctionWrapper"):
            found = LOSSES.get(word, word)
            assert found in LOSSES.values()
            assert found.lower() == made.__name__.replace("_", "").lower()
    classes = set(METRICS.values())
    for word, made in metrics.ALL_OBJECTS_DICT.items():
        if word[:1].isupper() and word not in ("Metric", "MeanMetricWrapper"):
            assert METRICS.get(word, word) in classes
            assert METRICS.get(word, word) == made.__name__
    for word, made in optimizers.ALL_OBJECTS_DICT.items():
        if word not in ("optimizer", "optimizermap"):
            assert OPTIMIZERS[word] == made.__name__


def test_optimizers_and_their_wrappers(tmp_path):
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(0.5, 100)
    cases = [keras.optimizers.SGD(schedule), keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.25))]
    for optimizer, how in itertools.product(cases, ["keras", "h5", "live"]):
        model = single(keras)
        model.compile(optimizer, "mse")
        found = read_training(read_back(model, how, tmp_path)).optimizer
        assert (found.name, found.own) == (type(optimizer).__name__, True)


@pytest.mark.parametrize("hostile", [
    3, [], [[[[[[[[[[[[1]]]]]]]]]]]], {"class_name": 3}, {"class_name": "x>y", "config": []}, {"a": {"b": {"c": 1}}},
    {"class_name": "LossFunctionWrapper", "config": {"fn": {"class_name": "LossFunctionWrapper", "config": {}}}},
    {"class_name": "function", "config": {}, "module": 7, "registered_name": []}, [None, {}, True], float("nan"),
])  # fmt: skip
def test_configs_that_are_none(hostile):
    graph = model_of_nothing()
    training = read_training(
        Model(graph, "keras", "m.keras", "3", {"loss": hostile, "metrics": hostile, "optimizer": hostile})
    )
    for names, keys in [(["a"], [None]), (["a", "b"], [None, None]), (["a", "b"], ["x", "y"])]:
        assert len(training.losses_for(names, keys)) == len(training.metrics_for(names, keys)) == len(names)


def model_of_nothing():
    from inspector.graph import Graph

    return Graph("m", "Functional", "functional", ())
