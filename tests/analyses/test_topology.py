"""What is said of each model of the fixtures, and of graphs made for one fact."""

from pathlib import Path

import pytest

from fixtures.catalogue import FILES
from inspector.analyses.topology import find_topology
from inspector.api import read
from inspector.graph import Graph, Layer, Model, Part, Reason, replace
from inspector.keras_config import decode_model
from tests.analyses.test_connections import entry, graph, layer


def topology(name):
    return find_topology(read(FILES / name))


def in_memory(root, **more):
    return find_topology(Model(root, **{"format": "config", "source": "m.json", **more}))


def verdicts(record):
    return {part["path"]: part["verdict"] for part in record["parts"]}


def flags(record):
    return [flag["code"] for flag in record["parts"][0]["flags"]]


@pytest.mark.parametrize("name", ["toy_resnet.keras", "toy_resnet.json", "tfk_toy_resnet.h5"])
def test_two_skip_connections(name):
    found = topology(name)
    assert found["is_dag"] is True and verdicts(found) == {"": "declared"}
    skips = found["skip_connections"]
    assert len(skips) == 2 and skips[0]["to"] == skips[1]["from"]
    assert found["branches"] == [skip["from"] for skip in skips]
    assert found["merges"] == [skip["to"] for skip in skips]


def test_a_shared_layer_and_its_calls():
    shared = topology("shared_embedding.json")["shared_layers"]
    assert [(entry["path"], entry["calls"]) for entry in shared] == [("embedding", 2)]
    assert shared[0]["connected_to"][0] != shared[0]["connected_to"][1]


def test_a_loop_of_layers_whose_calls_form_a_dag():
    found = topology("layer_cycle.keras")
    assert found["is_dag"] is True
    assert (found["layer_cycles"], found["layer_loops"]) == ([["a", "b"]], [["a", "b", "a"]])
    assert found["longest_path"] == ["x", "a@0", "b", "a@1"]


def test_nested_models():
    found = topology("nested_autoencoder.keras")
    assert verdicts(found) == {"": "declared", "encoder": "declared", "decoder": "declared"}
    assert (found["nested_models"], found["nested_depth"], found["calls"]) == (["encoder", "decoder"], 1, 2)
    assert topology("nested_three_deep.keras")["nested_depth"] == 2


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_custom_layer_is_opaque_and_the_advice_names_its_code(ending):
    found = topology(f"custom_dense.{ending}")
    assert found["is_dag"] is True and verdicts(found) == {"": "declared", "custom_dense": "opaque"}
    part = found["parts"][1]
    assert part["reasons"][0]["code"] == "custom-class" and "CustomDense" in part["reasons"][0]["message"]
    place = "fixtures.models.custom_layers" if ending == "keras" else "FILE.py"
    assert f"--live --custom {place}" in part["hint"]


def test_a_lambda_is_opaque():
    part = topology("python_lambda.keras")["parts"][1]
    assert (part["verdict"], part["reasons"][0]["code"]) == ("opaque", "foreign-code")


def test_frozen_parts():
    frozen = topology("frozen_backbone.keras")["non_trainable"]
    assert frozen[0] == "backbone" and all(path.startswith("backbone") for path in frozen) and len(frozen) > 1


def test_several_inputs_and_named_outputs():
    found = topology("ticket_router.json")
    assert [end["name"] for end in found["inputs"]] == ["title", "body", "tags"]
    assert [end["key"] for end in found["outputs"]] == ["department", "priority"]
    assert found["merges"] == ["concatenate"] and found["branches"] == ["concatenate"]


def test_a_sequential_that_waits_for_its_shape():
    found = topology("unbuilt_sequential.keras")
    assert found["is_dag"] is True and found["depth"] == 3 and found["inputs"] is None
    assert found["parts"][0]["reasons"][0]["code"] == "needs-inputs" and "--input-shape" in found["parts"][0]["hint"]


@pytest.mark.parametrize(
    ("name", "signs"),
    [
        ("mlp", ["unbuilt", "stored-layers"]),
        ("built_mlp", ["first-call", "stored-layers"]),
        ("custom_rnn", ["first-call", "stored-layers"]),
        ("dqn_agent", ["never-traced", "stored-layers"]),
        ("tree_rnn", ["never-traced", "stored-layers"]),
        ("functional_subclass", ["never-called", "stored-layers"]),
        ("gan", ["models-apart", "never-traced", "stored-layers"]),
    ],
)
def test_the_signs_that_the_file_of_a_subclassed_model_holds(name, signs):
    found = topology(f"{name}.keras")
    root = found["parts"][0]
    assert (found["is_dag"], root["verdict"]) == (None, "opaque")
    assert flags(found) == signs and "--live --custom fixtures.models" in root["hint"]
    for field in ("calls", "depth", "unused_layers", "unused_inputs", "dead_ends", "skip_connections", "outputs"):
        assert found[field] is None and found["unknown"][field]


def test_shapes_of_the_first_call_stand_for_inputs():
    assert [end["shape"] for end in topology("custom_rnn.keras")["inputs"]] == [[1, 10, 5]]
    nested = Graph(
        "m", "Net", "subclassed", (), build_config={"input_shape": {"tokens": [3, 5], "more": [[3, 6], [3]]}}
    )
    ends = in_memory(nested)["inputs"]
    assert [(end["name"], end["shape"]) for end in ends] == [("tokens", [3, 5]), ("more", [3, 6]), ("more", [3])]
    assert all(end["dtype"] is None and end["unknown"]["dtype"] for end in ends)


def test_the_models_of_a_gan_are_read_from_its_config():
    found = topology("gan.keras")
    assert verdicts(found) == {"": "opaque", "generator": "declared", "discriminator": "declared"}
    assert {part["kind"] for part in found["parts"][1:]} == {"sequential"}


def test_a_subclass_of_functional_may_call_otherwise():
    assert flags(topology("plain_functional_subclass.keras")) == ["own-class"]
    assert flags(topology("toy_resnet.keras")) == []


def test_weights_alone():
    found = topology("sharded.weights.json")
    assert found["is_dag"] is None and set(verdicts(found).values()) == {"opaque"}
    assert found["nested_depth"] == 0 and found["nested_models"] == []


def test_a_custom_layer_inside_a_wrapper_is_a_part_of_its_own():
    custom = Layer("inner", "Odd", "layer", {}, "odd.layers")
    wrapper = replace(layer("steps", "x", class_name="TimeDistributed"), wraps={"layer": custom})
    found = in_memory(graph(entry("x"), wrapper))
    assert verdicts(found) == {"": "declared", "steps/inner": "opaque"}


def test_a_module_that_is_no_module_is_not_put_into_a_command():
    custom = replace(layer("odd", "x", class_name="Odd"), module="os; rm -rf ~")
    hint = in_memory(graph(entry("x"), custom), format="keras")["parts"][1]["hint"]
    assert "rm" not in hint and "--custom FILE.py" in hint


def test_what_leads_nowhere():
    model = graph(entry("x"), entry("y"), layer("a", "x"), layer("b", "y"), layer("idle", calls=[]), layer("out", "a"))
    found = in_memory(model)
    assert (found["unused_inputs"], found["dead_ends"], found["unused_layers"]) == (["y"], ["b"], ["idle"])


def test_no_claim_where_keras_2_leaves_edges_out():
    """The operands of tf.einsum are not in the file: the layers it takes only seem to lead nowhere."""
    lost = layer("einsum", class_name="TFOpLambda", kind="operation", function="einsum")
    model = graph(entry("x"), layer("a", "x"), layer("b", "x"), lost)
    found = in_memory(model, keras_version="2.15.0")
    assert found["dead_ends"] is None and found["unused_inputs"] is None and found["unused_layers"] == []
    assert "einsum" in found["unknown"]["dead_ends"] and "depth" in found["unknown"]


def test_verdicts_of_code_stand_above_our_own_and_come_in_tree_order():
    why = Reason("data-dependent-branch", "an if", "m.py", 3, "if x > 0:")
    parts = {"": Part("recovered"), "a": Part("recovered"), "b": Part("declared", class_name="Sequential"),
             "a/inner": Part("dynamic", (why,), class_name="Inner")}  # fmt: skip
    root = replace(graph(entry("x"), layer("a", "x"), layer("b", "a")), kind="subclassed")
    found = in_memory(root, format="code", parts=parts)
    assert list(verdicts(found)) == ["", "a", "a/inner", "b"] and found["is_dag"] is False
    assert found["parts"][2]["reasons"][0]["line"] == 3


def test_a_model_inside_a_part_that_the_graph_does_not_open_is_nested():
    parts = {"": Part("declared"), "a": Part("recovered"), "a/b": Part("declared", class_name="Sequential")}
    found = in_memory(graph(entry("x"), layer("a", "x")), format="code", parts=parts)
    assert (found["nested_models"], found["nested_depth"]) == (["a/b"], 1)
    assert [part["kind"] for part in found["parts"]] == ["functional", "layer", "sequential"]


def test_a_custom_layer_in_code_is_shown_with_its_line():
    line = next(
        n for n, text in enumerate(Path(__file__).read_text().splitlines(), 1) if text.startswith("def nested(")
    )
    custom = replace(layer("odd", "x", class_name="Odd"), module="odd", origin=(__file__, line))
    reason = in_memory(graph(entry("x"), custom), format="code", parts={"": Part("declared")})["parts"][1]["reasons"][0]
    assert (reason["line"], reason["source"]) == (line, "def nested(levels):")


def test_a_part_that_the_code_never_calls_is_an_unused_layer():
    why = Reason("weights-unreached", "held by the model and never called in it")
    root = replace(graph(entry("x"), layer("a", "x")), kind="subclassed")
    found = in_memory(root, format="code", parts={"": Part("recovered"), "idle": Part("opaque", (why,))})
    assert found["unused_layers"] == ["idle"]


def nested(levels):
    data = None
    for level in range(levels, -1, -1):
        inner = {"class_name": "Dense", "module": "keras.layers", "config": {"name": f"d{level}", "units": 2}}
        layers = [{"class_name": "InputLayer", "module": "keras.layers",
                   "config": {"name": f"i{level}", "batch_shape": [None, 2]}}, data or inner]  # fmt: skip
        data = {"class_name": "Sequential", "module": "keras", "config": {"name": f"m{level}", "layers": layers}}
    return data


def test_200_levels_of_nesting():
    found = in_memory(decode_model(nested(200)))
    assert found["nested_depth"] == 200 and len(found["parts"]) == 201


def test_5000_layers():
    layers = [entry("l0"), *(layer(f"l{index}", f"l{index - 1}", units=2) for index in range(1, 5_000))]
    root = graph(*layers)
    assert in_memory(root)["depth"] == 4_999
