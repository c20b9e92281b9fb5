"""What is dangerous in a config is found wherever it stands and however it is written; what only looks so is not."""

import importlib.util
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fixtures.catalogue import FILES
from fixtures.hostile import (
    METADATA,
    SECRET,
    bytecode,
    call,
    corpus,
    entry,
    function,
    functional,
    keras_object,
    layer,
    more_payloads,
    nested,
    payloads,
    placements,
    with_layer,
    write_h5,
    write_keras,
    write_model,
)
from inspector.analyses import config_objects
from inspector.analyses.raw_graph import find_faults
from inspector.analyses.references import CALLABLE, OWN, read_symbols, whose_class, whose_function
from inspector.linting.case import Case
from inspector.linting.options import Options
from inspector.linting.run import check_file
from inspector.rules import load_rule

ROOT = Path(__file__).resolve().parents[2]
CODES = ["KS601", "KS602", "KS603", "KS604", "KS605", "KS606", "KS607", "KS608", "KS609", "KS610", "KS624", "KS627",
         "KS692", "KS719"]  # fmt: skip
RULES = [load_rule(code) for code in CODES]
MARKER = "kinspect-marker"
EXPECTED = {
    "lambda": "KS601", "old-lambda": "KS601", "foreign-function": "KS602 KS604", "foreign-class": "KS602",
    "gadget": "KS603", "unsafe": "KS603", "epsilon": "KS603", "vocabulary": "KS608", "torch": "KS605",
    "tfsm": "KS606", "jax": "KS602 KS607", "disguise": "KS609", "activation": "KS601 KS602", "wrapped": "KS601",
    "evaluate": "KS602", "dotted": "KS602", "numpy": "KS602", "copy": "KS602", "typespec": "KS602",
    "old-function": "KS602", "tf-function": "KS602", "unpack": "KS603", "state": "KS603", "load": "KS603",
    "dataset": "KS603", "plot": "KS603", "get": "KS603", "as-class": "KS603", "private": "KS603", "imported": "KS603",
    "keras-layer": "KS604", "raw-bytecode": "KS601", "stray-bytecode": "KS601", "bare-code": "KS601",
    "stray-pickle": "KS605", "stray-zip": "KS605", "flax": "KS607", "weights-of-words": "KS608", "address": "KS608",
    "tokenizer": "KS608", "pretrained": "KS608", "climbing": "KS610", "drive": "KS610",
}  # fmt: skip
ERRORS = {"KS601", "KS602", "KS603", "KS604", "KS605", "KS606", "KS610", "KS692"}
DANGERS = {name: stated for many in (payloads, more_payloads) for name, _, stated in many(MARKER)}
SYSTEM = function("system", "os")
FORMATS = ("a.keras", "a.h5", "a.json", "a.dir")


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / SECRET).write_text("secret")
    yield
    assert not (tmp_path / MARKER).exists()


def write(name, config):
    path = Path(name)
    if path.suffix == ".dir":
        path.mkdir()
        (path / "config.json").write_text(json.dumps(config))
        (path / "metadata.json").write_bytes(METADATA)
    else:
        write_model(path, config)
    return path


def find(path, *, info=False, **options):
    """The findings above info, none of which may be a failure of ours."""
    findings = check_file(str(path), RULES, Options(**options))
    assert [f.message for f in findings if f.code == "KS690"] == []
    return [f for f in findings if info or f.severity != "info"]


def find_codes(path):
    return {finding.code for finding in find(path)}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", DANGERS)
def test_every_danger_in_every_form_and_depth(name, form):
    for levels in (0, 2, 60):
        path = write(f"{levels}{form}", nested(with_layer(DANGERS[name]), levels))
        found = find(path)
        assert {finding.code for finding in found} == set(EXPECTED[name].split()), found
        for finding in found:
            assert (finding.severity == "error") == (finding.code in ERRORS) or finding.code == "KS608"
            assert finding.hint and "\n" not in finding.message and len(finding.message) < 300
            assert finding.layer.split("/")[-1].endswith("evil") and resolve(path, finding.pointer)


def resolve(path, pointer):
    """Whether a JSON pointer leads somewhere in a file's config."""
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path) as file:
            value = json.loads(file.attrs["model_config"])
    elif path.suffix == ".keras":
        value = json.loads(zipfile.ZipFile(path).read("config.json"))
    else:
        value = json.loads((path / "config.json" if path.is_dir() else path).read_text())
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value[part]
    return True


OBJECTS = {
    "KS601": {"class_name": "__lambda__", "config": {"code": bytecode(MARKER), "defaults": None, "closure": None}},
    "KS602": SYSTEM,
    "KS603": function("set_epsilon", "keras.config"),
    "KS605": DANGERS["torch"],
    "KS606": DANGERS["tfsm"],
    "KS607": layer("evil", "JaxLayer", call_fn=function("f"), init_fn=None),
    "KS608": DANGERS["vocabulary"],
    "KS609": DANGERS["disguise"],
    "KS627": layer("a\x1b[2J", units=2),
}


@pytest.mark.parametrize("code", OBJECTS)
def test_every_place_of_a_config(code):
    for place, config in placements(OBJECTS[code]):
        for form in (".keras", ".json", ".h5"):
            path = write(f"{place}{form}", config)
            assert find_codes(path) - {"KS604"} == {code}, place


def test_training_config_and_metadata():
    sound = functional(entry(), layer("d", "Dense", [call("x")], units=2))
    loss = json.dumps({"loss": {"d": SYSTEM}, "optimizer_config": {"class_name": "Custom>Adam", "config": {}}})
    write_h5(Path("a.h5"), sound, lambda file: file.attrs.__setitem__("training_config", loss))
    finding = find("a.h5")[0]
    assert (finding.code, finding.pointer) == ("KS602", "/loss/d") and "training config" in finding.message
    with zipfile.ZipFile("a.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(sound))
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "extra": SYSTEM}))
    assert find_codes("a.keras") == {"KS602"}


EVIL = json.dumps(with_layer(DANGERS["foreign-class"]))
WRITTEN = {
    "escaped": EVIL.replace("subprocess", "\\u0073ubprocess").replace("module", "\\u006dodule").encode(),
    "duplicate": EVIL.replace('"subprocess"', '"keras.layers", "module": "subprocess"').encode(),
    "padded": b" " * 3_000_000 + EVIL.encode(),
    "mark": b"\xef\xbb\xbf" + EVIL.encode(),
    **{encoding: EVIL.encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")},
}


@pytest.mark.parametrize("how", WRITTEN)
def test_what_is_hidden_by_the_way_it_is_written(how):
    Path("a.json").write_bytes(WRITTEN[how])
    write_keras(Path("a.keras"), WRITTEN[how])
    write_keras(Path("b.keras"), WRITTEN[how], method=8)
    for name in ("a.json", "a.keras", "b.keras"):
        assert find_codes(name) == {"KS602"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_hidden_by_the_archive():
    harmless = json.dumps(functional(entry())).encode()
    write_keras(Path("twice.keras"), harmless, ("config.json", EVIL.encode()))
    write_keras(Path("prefix.keras"), EVIL.encode())
    Path("prefix.keras").write_bytes(b"x" * 5000 + Path("prefix.keras").read_bytes())
    write_h5(Path("block.h5"), EVIL.encode(), userblock_size=1024)
    for name in ("twice.keras", "prefix.keras", "block.h5"):
        assert find_codes(name) == {"KS602"}


WORDS = ["os.system", "eval", "__lambda__", "subprocess.Popen", "/etc/passwd", "http://a.b/c", "UEsDBBQ", "4wAAAAAA"]
POLICY = keras_object("DTypePolicy", "keras", name="mixed_float16")
HARMLESS = {
    "operation by its name": layer("a", "Lambda", function=function("relu"), arguments={}),
    "python's own": layer("a", "Lambda", function=function("abs", class_name="builtin_function_or_method")),
    "private maths": layer("a", "Lambda", function=function("relu", "keras.src.ops.nn")),
    "public maths": layer("a", units=2, activation=function("gelu", "keras.activations")),
    "old keras": layer("a", units=2, activation=function("relu", "tensorflow.python.keras.activations")),
    "tf_keras": layer("a", units=2, activation=function("swish", "tf_keras.src.activations")),
    "user's function": layer("a", units=2, activation=function("swishy")),
    "user's package": layer("a", units=2, activation=function("pkg>fn", "author.layers", registered_name="pkg>fn")),
    "a function of numpy": layer("a", "Lambda", function=function("tanh", "numpy")),
    "a function of jax": layer("a", units=2, activation=function("gelu", "jax._src.nn.functions")),
    "a function of torch": layer("a", units=2, activation=function("relu", "torch.nn.functional")),
    "custom layer": {**layer("a", "Scale", factor=2), "module": "author.layers", "registered_name": "author>Scale"},
    "custom layer of old": {"class_name": "author>Scale", "name": "a", "config": {"name": "a"}},
    "registered name of its own": {**layer("a", "Dense", units=2), "module": None, "registered_name": "p>Dense"},
    "hub": {**layer("a", "Backbone"), "module": "keras_hub.src.models", "registered_name": "keras_hub>Backbone"},
    "cv": {**layer("a", "Mosaic"), "module": "keras_cv.layers", "registered_name": "keras_cv>Mosaic"},
    "nlp": {**layer("a", "BytePairTokenizer", vocabulary=None, merges=None, proto=None), "module": "keras_nlp.x"},
    "tensorflow's keras": {**layer("a", "Dense", units=2), "module": "tensorflow.python.keras.layers.core"},
    "tf_keras internals": {**layer("a", "TFOpLambda", function="math.add"),
                           "module": "tf_keras.src.layers.core.tf_op_layer", "registered_name": "TFOpLambda"},
    "assertion of tf": layer("a", "TFOpLambda", function="debugging.assert_greater"),
    "decoding of tf": layer("a", "TFOpLambda", function="io.decode_raw"),
    "operation of keras": {**layer("a", "Absolute"), "module": "keras.src.ops.numpy", "registered_name": "Absolute"},
    "policy": layer("a", units=2, dtype=POLICY),
    "quantized": layer("a", units=2, dtype=keras_object("QuantizedDTypePolicy", "keras", mode="int8"),
                       quantization_config=keras_object("Int8QuantizationConfig", "keras.quantizers")),
    "array": layer("a", units=2, bias_initializer=keras_object("Constant", "keras.initializers", value={
        "class_name": "__numpy__", "config": {"value": [1.0, 2.0], "dtype": "float64"}})),
    "vocabulary": layer("a", "StringLookup", vocabulary=WORDS, idf_weights=None),
    "words of a custom layer": layer("a", "Chat", prompts=WORDS, weights="imagenet", code="en", closure=None),
    "unicode name": layer("größe 層 🧠‍🔧 b..c", units=2),
    "long text": layer("a", "Note", text="4wAAA" + "lorem ipsum " * 30, more="gASV" + "A" * 400, zip="UEsD" * 9),
    "schedule": layer("a", "Note", lr=keras_object("CosineDecay", "keras.optimizers.schedules", decay_steps=9)),
    "newer class": {**layer("a", "LayerOfTomorrow"), "module": "keras.layers"},
    "typespec": layer("a", "Note", spec={"class_name": "__typespec__", "spec_name": "TensorSpec", "config": [],
                                         "module": "tensorflow.python.framework.tensor", "registered_name": None}),
    "base64 proto": {**layer("a", "SentencePieceTokenizer", proto="CgkKBTx1bms+" * 200), "module": "keras_hub.t"},
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_dangerous(name):
    stated = HARMLESS[name]
    model = functional(entry(), {**stated, "name": stated["config"]["name"], "inbound_nodes": [call("x")]})
    for form in FORMATS:
        assert find(write(form, {**model, "compile_config": {"extra": stated}})) == []


def test_arguments_as_keras_writes_them():
    """Slices, ellipses, tuples, constants and tensors among the arguments of a call."""
    parts = [{"class_name": "__slice__", "config": {"start": 0, "stop": None, "step": None}},
             {"class_name": "__ellipsis__", "config": {}}, {"class_name": "__tuple__", "items": [1, 2]},
             {"class_name": "__tensor__", "config": {"value": [2.0], "dtype": "float32"}},
             {"class_name": "__bytes__", "config": {"value": "os.system"}}]  # fmt: skip
    node = {"args": [*call("x")["args"], parts], "kwargs": {"mask": None}}
    item = {**layer("a", "GetItem", [node]), "module": "keras.src.ops.numpy"}
    assert find(write("a.keras", functional(entry(), item)), info=True) == []


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_committed_files_are_sound(path):
    found = [] if path.name in ("oracle.json", "expected.json") else find(path)
    assert {f.code for f in found} == ({"KS601"} if path.name.startswith("python_lambda") else set())


def test_allowed_packages_are_not_listed():
    for name in ("custom layer", "custom layer of old", "user's package"):
        path = write(
            f"{name}.keras", functional(entry(), {**HARMLESS[name], "name": "a", "inbound_nodes": [call("x")]})
        )
        assert [f.code for f in find(path, info=True)] == ["KS719"]
        assert find(path, info=True, allow=("author", "pkg")) == []


def test_a_hostile_number_of_findings_and_objects(monkeypatch):
    many = [layer(f"l{n}", "Dense", [call("x")], units=2, activation=SYSTEM) for n in range(500)]
    path = write("a.json", functional(entry(), *many))
    assert len(find(path)) == 101 and find(path)[-1].message.startswith("400 more")
    monkeypatch.setattr(config_objects, "MAX_CONTAINERS", 1000)
    unread = check_file("a.json", [load_rule("KS690")])
    assert [f.severity for f in unread] and "more than 1,000 objects" in unread[0].message


HELD = ("function", "vocabulary", "call_fn", "module", "filepath", "layers", "output_layers")


@pytest.mark.parametrize("value", [None, 7, 1e999, True, "text", [], {}, [[[]]], {"class_name": 5}, {"class_name": []}])
def test_values_of_any_type(value):
    """Wherever a rule looks, something else may stand."""
    keys = ("class_name", "config", "module", "name", "registered_name", "inbound_nodes", "build_config")
    for key in keys:
        for class_name in ("Lambda", "function", "JaxLayer", "TFSMLayer", "StringLookup", "TFOpLambda", "__lambda__"):
            path = write(
                "a.json", functional(entry(), {**layer("a", class_name, [call("x")]), key: value}, outputs=["x"])
            )
            find(path)
            path = write("b.json", functional(entry(), layer("a", class_name, [value], **dict.fromkeys(HELD, value))))
            find(path)
    for key in ("layers", "input_layers", "output_layers", "name"):
        model = functional(entry())
        find(write("c.json", {**model, "config": {**model["config"], key: value}}))


def test_nothing_is_run_or_imported():
    """Every danger in one process: neither Keras nor what could open a pickle or code is imported for it."""
    for name, stated in DANGERS.items():
        write(f"{name}.keras", with_layer(stated))
        write(f"{name}.h5", with_layer(stated))
    Path("a.yaml").write_text(f"config: !!python/object/apply:os.system ['touch {MARKER}']\n")
    code = (
        "import sys, glob\nbefore = {*sys.modules}\n"
        "from inspector.linting.run import check_file\nfrom inspector.rules import load_rule\n"
        f"rules = [load_rule(code) for code in {CODES!r}]\n"
        "found = [check_file(path, rules) for path in sorted(glob.glob('*.*')) if not path.endswith('.txt')]\n"
        "assert all(found), found\n"
        "loaded = {*sys.modules} - before\n"
        "print(loaded & {'keras', 'tensorflow', 'tf_keras', 'pickle', 'marshal', 'yaml', 'numpy', 'h5py'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={"PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.stderr == "" and done.stdout.strip() == "set()"


def load_generator():
    spec = importlib.util.spec_from_file_location("generate_symbols", ROOT / "docs" / "generate_symbols.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_names_are_those_of_the_installed_keras():
    assert load_generator().collect() == read_symbols()


def test_keras_resolves_what_it_does_not_refuse():
    """Why there is a list of what is allowed: Keras itself takes settings and downloads for functions of a model."""
    import keras

    for name, module in (("set_epsilon", "keras.config"), ("load_data", "keras.datasets.mnist")):
        assert callable(keras.saving.deserialize_keras_object(function(name, module)))
    for name in read_symbols()["refused"]:
        module, _, last = name.rpartition(".")
        with pytest.raises(ValueError, match="not a modeling function"):
            keras.saving.deserialize_keras_object(function(last, module))


def test_every_function_of_keras_is_judged():
    """Those of its namespaces for maths are its own, and no other function is, by its public name."""
    import types

    from keras.src.api_export import REGISTERED_NAMES_TO_OBJS

    generator = load_generator()
    denied = 0
    for name, value in REGISTERED_NAMES_TO_OBJS.items():
        module, _, last = name.rpartition(".")
        if not isinstance(value, types.FunctionType) or not module.startswith("keras"):
            continue
        is_maths = module.split(".")[1:2] and module.split(".")[1] in generator.NAMESPACES
        is_maths = is_maths and last not in generator.NO_MATHS
        whose = whose_function(module, last)
        if not is_maths and module.split(".")[1:2] not in (["_legacy"], ["backend"]):
            assert whose == CALLABLE == whose_class(module, last, None), name
            denied += 1
        elif is_maths:
            assert whose == OWN, name
    assert denied > 150
    assert all(whose_function(*name.rpartition(".")[::2]) == CALLABLE for name in read_symbols()["refused"])


@pytest.mark.parametrize("path", sorted({*FILES.iterdir(), *(FILES / "old").iterdir()}), ids=lambda path: path.name)
def test_sound_graphs_have_no_faults(path):
    """What is looked at where the reader refuses a model finds nothing where it does not."""
    case = Case(str(path))
    if path.name not in ("oracle.json", "expected.json") and case.has("objects"):
        assert list(find_faults(case.objects)) == []


BROKEN = ("cycle", "self-cycle", "dangling", "dangling-output", "dangling-input", "dangling-node", "duplicate-names")
NAMES = {"escape": "KS627", "bidi": "KS627", "surrogate": "KS627", "newline": "KS627", "nul": "KS627",
         "climbing": "KS610", "colon": "KS610", "markup": None, "wide": None, "formula": None}  # fmt: skip


@pytest.mark.parametrize("form", ["keras", "h5", "json"])
def test_broken_graphs_and_hostile_names(form):
    cases = {case.name: case for case in corpus(MARKER)}
    expected = {**dict.fromkeys(BROKEN, "KS692"), **{f"name-{name}": code for name, code in NAMES.items()}}
    for name, code in expected.items():
        cases[f"{name}.{form}"].write(Path(f"{name}.{form}"), MARKER)
        assert find_codes(f"{name}.{form}") == ({code} if code else set()), name


def test_every_fault_of_a_graph_is_told():
    twice = [layer("a", "Dense", [call("b")], units=2), layer("b", "Dense", [call("a")], units=2)]
    more = [layer("c", "Dense", [call("gone")], units=2), layer("c", "Dense", [call("x", "x")], units=2)]
    found = find(write("a.keras", nested(functional(entry(), *twice, *more), 3)))
    assert [f.code for f in found] == ["KS692"] * 3 and all(resolve(Path("a.keras"), f.pointer) for f in found)
    text = " ".join(f.message for f in found)
    assert "'a' → 'b' → 'a'" in text or "'b' → 'a' → 'b'" in text
    assert "'gone', and there is no such layer" in text and "2 layers" in text
