"""An error of Keras is put to the layer and the class that it is about, and a hint is told once."""

from pathlib import Path

from inspector import read
from inspector.verify.blame import blame
from inspector.verify.hints import build_hint, load_hint, spell_part
from inspector.verify.records import Sides
from inspector.verify.session import name_of, registered_names
from inspector.verify.structure import compare_layers
from inspector.verify.training import compare_built
from inspector.verify.trees import differences
from inspector.verify.values import attribute_hint, compare_file
from inspector.views.verify import VerifyView


def layer(path, config=None, error=None, **more):
    return {"path": path, "name": path, "class_name": "Dense", "kind": "layer", "config": config, "config_error": error,
            "built": True, "user": True, "weights": [], "place": [path.rpartition("/")[0], path, path],
            **more}  # fmt: skip


def asked(message, *layers, classes=()):
    before = {"classes": list(classes), "fingerprint": {"layers": [layer(""), *layers]}}
    return blame({"message": message, "place": None}, before)


SQUARE = {"class_name": "Square", "path": "block/square", "origin": ["model.py", 4]}


def test_a_class_is_named_with_its_layer_and_line():
    for message in (
        "Could not locate class 'Square'. Make sure", "Unknown layer: 'Square'", "Square.__init__() got an unexpected",
        "Could not locate class 'mine>Square'.", "the constructor to <class 'model.Square'>.",
        "Object Square was created",
    ):  # fmt: skip
        assert asked(message, classes=[SQUARE]) == ("block/square", ("model.py", 4)), message
    assert asked("Could not locate class 'Other'", classes=[SQUARE]) == (None, None)


def test_a_function_and_a_lambda_are_found_in_the_configs():
    swish = layer("act", {"activation": "swishy"})
    code = layer("dense", {"activation": {"class_name": "__lambda__"}})
    assert asked("Could not locate function 'swishy'.", code, swish) == ("act", None)
    assert asked("the deserialization of a `Lambda` layer", swish, code) == ("dense", None)
    partial = layer("d", None, {"type": "TypeError", "message": "Cannot serialize object partial"})
    assert asked("Cannot serialize object partial of", swish, partial) == ("d", None)


def test_the_code_of_a_lambda_is_not_compared():
    one, other = ({"f": {"class_name": "__lambda__", "config": {"code": code}}} for code in "ab")
    assert not list(differences(one, other))


def sides(saved, loaded, **after):
    return Sides({"layers": saved, "kind": "subclassed"}, {"layers": loaded}, "keras", {}, after)


def test_what_an_unbuilt_layer_has_not_made_yet_is_not_missing():
    saved = [layer(""), layer("att"), layer("att/query")]
    assert not list(compare_layers(sides(saved, [layer(""), layer("att", built=False)])))
    assert len(list(compare_layers(sides(saved, [layer(""), layer("att")])))) == 1


def test_equal_biases_are_lost_where_their_kernels_are():
    kept = layer("head", weights=[{"key": "kernel", "sha256": "k"}, {"key": "bias", "sha256": "zeros"}])
    stored = [["head/vars/0", "k"], ["aux/vars/0", "lost"], ["aux/vars/1", "zeros"], ["head/vars/1", "zeros"]]
    found = [
        finding.detail.split(" ")[0] for finding in compare_file(sides([layer("")], [layer(""), kept], stored=stored))
    ]
    assert found == ["aux/vars/0", "aux/vars/1"]


def test_layers_in_lists_and_dicts_are_built_too():
    assert spell_part("blocks/0") == "self.blocks[0]" and spell_part("heads/left/1") == "self.heads['left'][1]"
    assert spell_part("#1") is None
    saved = [layer("", kind="subclassed"), layer("aux/0", place=["", "aux/0", "aux/0"])]
    assert 'self.aux[0].build_from_config(config["aux/0"])' in build_hint(sides(saved, []))


def test_arrays_in_a_container_become_weights():
    hint = attribute_hint("stats", {"mean": "float32 [3] 8e628779e6a7"}, layer("running"))
    assert "add_weight" in hint and "get_config" not in hint
    assert "get_config" in attribute_hint("stats", {"n": "12"}, layer("running"))


def test_a_hint_is_told_once_in_the_whole_text():
    def check(name, target, hint):
        return {"name": name, "target": target, "status": "lost", "ok": False, "detail": "d", "layer": None,
                "hint": hint, "file": None, "line": None}  # fmt: skip

    checks = [
        check("constructor", "code", "paste"),
        check("load", "keras", "paste"),
        check("outputs", "keras", "other"),
    ]
    model = {"name": "m", "class_name": None, "format": "code", "keras_version": None}
    view = VerifyView({"checks": checks, "model": model, "strict": False})
    told = [row.hint for target in view.targets() for row in view.rows(target)[0]]
    assert told == [("paste",), (), ("other",)]


def test_errors_of_keras_that_no_class_of_the_users_causes():
    def hint(message):
        return load_hint({"error": "ValueError", "message": message, "place": None}, "keras", [])

    assert "no keras.layers.Nope in this version" in hint("Could not deserialize 'keras.layers.Nope' because it is not")
    assert "not whole" in hint("Expected a model.weights.h5 or model.weights.npz file.")


def test_unbuilt_with_all_its_weights_is_by_design():
    weights = [{"key": "kernel", "sha256": "k"}]
    saved = [layer(""), layer("gen", weights=weights, origin=None)]
    (found,) = compare_built(sides(saved, [layer(""), {**saved[1], "built": False}]))
    assert found.status == "by-design"
    (found,) = compare_built(sides(saved, [layer(""), layer("gen", built=False)]))
    assert found.status == "lost" and found.hint


def test_registered_names_of_a_file():
    model = read(str(Path(__file__).parents[2] / "fixtures" / "files" / "branch.keras"))
    assert registered_names(model) == [] and name_of("mine>Scale") == "Scale"
