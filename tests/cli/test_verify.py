"""The command as users run it: exit codes, JSON as the schema has it, hints, crashes, every form to save in."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "fixtures" / "files"
LAYERS = str(ROOT / "fixtures" / "models" / "custom_layers.py")
VARIANTS = str(ROOT / "tests" / "verify" / "situations" / "variants.py")
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "verify.schema.json").read_text())


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "inspector", "verify", *arguments], capture_output=True, text=True,
                          cwd=ROOT, timeout=300, env={**os.environ, "NO_COLOR": "1"})  # fmt: skip


def verify(*arguments):
    done = run(*arguments, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    record = json.loads(done.stdout)
    jsonschema.validate(record, SCHEMA)
    assert record["ok"] is (done.returncode == 0)
    return record


def lost(record, target=None):
    return {check["name"] for check in record["checks"] if check["ok"] is False and target in (None, check["target"])}


def test_a_file_comes_back():
    record = verify(str(FILES / "branch.keras"), "--rtol", "1e-3", "--atol", "0:0.5")
    assert record["ok"] and {check["target"] for check in record["checks"]} == {"original", "keras"}


def test_a_file_that_keras_refuses():
    record = verify(str(FILES / "tfk_ticket_router.h5"))
    assert lost(record) == {"load", "old-arguments"}
    assert "time_major" in record["checks"][0]["hint"]


def test_weights_alone_are_no_model():
    done = run(str(FILES / "built_mlp.weights.h5"))
    assert done.returncode == 2 and "weights alone" in done.stderr and "hint: " in done.stderr


def test_what_keras_changes_by_design_fails_if_strict():
    assert verify(str(FILES / "lora.keras"), "--static")["ok"]
    assert lost(verify(str(FILES / "lora.keras"), "--static", "--strict")) == {"lora"}


def test_without_get_config():
    record = verify(f"{LAYERS}:plain_custom_dense")
    assert {"constructor", "load"} <= lost(record)
    check = next(check for check in record["checks"] if check["name"] == "constructor")
    assert check["file"] == LAYERS and check["line"] and '"units": self.units' in check["hint"]


def test_registered_is_clean_in_every_form():
    kinds = ("keras", "h5", "weights", "savedmodel", "json")
    record = verify(f"{LAYERS}:registered_dense", *(part for kind in kinds for part in ("--to", kind)))
    assert record["ok"] and {check["target"] for check in record["checks"]} == {"code", *kinds}
    assert "by-design" in {check["status"] for check in record["checks"] if check["target"] == "savedmodel"}


def test_not_registered_and_passed():
    record = verify(f"{LAYERS}:custom_dense")
    assert lost(record) == {"load"}
    assert "register_keras_serializable" in next(c["hint"] for c in record["checks"] if c["ok"] is False)
    assert verify(f"{LAYERS}:custom_dense", "--custom", LAYERS)["ok"]


def test_same_process():
    record = verify(f"{LAYERS}:registered_dense", "--same-process")
    assert {"keras", "keras, same process"} <= {check["target"] for check in record["checks"]}


def test_a_crash_is_a_failed_check():
    record = verify(f"{VARIANTS}:ends_the_process", "--timeout", "120")
    assert lost(record) == {"save"} and "exit code 3" in record["checks"][0]["detail"]


def test_a_model_that_eats_memory_is_a_failed_check():
    record = verify(f"{VARIANTS}:greedy", "--input-shape", "2,4", "--memory", "4")
    assert lost(record) == {"save"} and "Unable to allocate" in record["checks"][0]["detail"]


def test_an_abort_is_a_failed_check():
    record = verify(f"{VARIANTS}:aborts", "--input-shape", "2,4")
    assert lost(record) == {"save"} and "SIGABRT" in record["checks"][0]["detail"]
    assert lost(verify(f"{VARIANTS}:aborts_when_loaded")) == {"load"}


def test_what_cannot_be_made_or_saved_is_one_line():
    for target in (f"{VARIANTS}:slash", str(FILES / "sharded.weights.json")):
        done = run(target)
        assert done.returncode == 2 and done.stderr.startswith("error: "), done
        assert len([line for line in done.stderr.splitlines() if line]) <= 2
        assert "Traceback" not in done.stderr


def test_too_slow_is_a_failed_check():
    record = verify(f"{LAYERS}:registered_dense", "--timeout", "0.3")
    assert "longer" in record["checks"][0]["detail"]


@pytest.mark.parametrize(
    ("one", "other", "shape", "name"),
    [
        ("InOrder", "Swapped", "2,4", "weights"),
        ("left_first", "right_first", None, "weights"),
        ("Renamed", "RenamedTo", "2,4", "load"),
    ],
)
def test_weights_into_other_code(one, other, shape, name):
    shapes = ("--input-shape", shape) if shape else ()
    record = verify(f"{VARIANTS}:{one}", "--into", f"{VARIANTS}:{other}", *shapes)
    assert name in lost(record)
    if name == "weights":
        assert "went to another layer" in next(c["detail"] for c in record["checks"] if c["name"] == "weights")


def test_text():
    done = run(f"{LAYERS}:plain_custom_dense")
    assert done.returncode == 1
    assert "def get_config(self):" in done.stdout and "custom_layers.py:" in done.stdout
    assert not any(line.endswith(" ") for line in done.stdout.splitlines())


def test_wrong_use():
    for arguments in (
        ("nothing.keras",), (f"{LAYERS}:registered_dense", "--static"), (str(FILES / "branch.keras"), "--rtol", "x"),
        (str(FILES / "branch.keras"), "--rtol", "none:1e-3"),
        (str(FILES / "branch.keras"), "--static", "--to", "h5"), (str(FILES / "branch.keras"), "--into", "no code"),
    ):  # fmt: skip
        done = run(*arguments)
        assert done.returncode == 2 and done.stderr.startswith("error: "), done


def test_a_hint_works(tmp_path):
    """The get_config of a hint, pasted, makes the model come back."""
    source = Path(LAYERS).read_text()
    record = verify(f"{LAYERS}:plain_custom_dense")
    code = next(c for c in record["checks"] if c["name"] == "constructor")["hint"].partition("\n")[2]
    head, _, body = code.partition("\n\n")
    body = "".join(f"    {line}\n" for line in body.splitlines())
    constructor = "".join(f"    {line}\n" for line in head.splitlines() if "..." not in line)
    old = "    def __init__(self, units=32):\n        super().__init__()\n"
    assert old in source
    fixed = source.replace(old, constructor, 1).replace(
        "    def build(self, input_shape):", f"{body}\n    def build(self, input_shape):", 1
    )
    fixed = fixed.replace(
        "class PlainCustomDense", '@keras.saving.register_keras_serializable("mine")\nclass PlainCustomDense'
    )
    path = tmp_path / "fixed.py"
    path.write_text(fixed)
    command = [sys.executable, "-m", "inspector", "verify", f"{path}:plain_custom_dense"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_hint_for_a_model_that_is_not_built_works(tmp_path):
    source = (
        "import keras\nfrom keras import layers\n\n\n"
        '@keras.saving.register_keras_serializable("mine")\nclass WithContext(keras.Model):\n'
        "    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
        "        self.dense, self.context = layers.Dense(4), layers.Dense(4)\n\n"
        "    def call(self, x, ctx):\n        return self.dense(x) + self.context(ctx)\n"
    )
    path = tmp_path / "context.py"
    path.write_text(source)
    shapes = ("--input-shape", "3,4", "--input-shape", "3,2")
    record = verify(f"{path}:WithContext", *shapes)
    assert {"weights-missing", "weights-in-file", "outputs"} <= lost(record)
    code = next(c for c in record["checks"] if c["name"] == "weights-missing")["hint"].partition("\n")[2]
    path.write_text(source + "\n" + "".join(f"    {line}\n" for line in code.splitlines()))
    record = verify(f"{path}:WithContext", *shapes)
    assert record["ok"], record


def test_a_file_of_the_current_folder(tmp_path):
    shutil.copy(FILES / "branch.keras", tmp_path / "model.keras")
    done = subprocess.run([sys.executable, "-m", "inspector", "verify", "model.keras", "-q", "--format", "json"],
                          capture_output=True, text=True, cwd=tmp_path, timeout=300,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    assert done.returncode == 0 and not done.stderr, done.stderr
    jsonschema.validate(json.loads(done.stdout), SCHEMA)


def test_a_broken_file_is_named(tmp_path):
    path = tmp_path / "cut.keras"
    path.write_bytes((FILES / "branch.keras").read_bytes()[:2000])
    done = run(str(path))
    assert done.returncode == 2 and done.stderr.startswith(f"error: {path}: ")


def test_a_hint_for_a_layer_that_takes_a_layer_works(tmp_path):
    """The inner layer was built when it was saved, and the outer one builds it again."""
    source = (
        "import keras\nfrom keras import layers\n\n\n"
        '@keras.saving.register_keras_serializable("mine")\nclass Wrap(layers.Layer):\n'
        "    def __init__(self, inner, rate=0.3, **kwargs):\n        super().__init__(**kwargs)\n"
        "        self.inner, self.rate = inner, rate\n\n"
        "    def build(self, shape):\n        self.inner.build(shape)\n\n"
        "    def call(self, x):\n        return x + self.rate * self.inner(x)\n"
    )
    made = "\n\ndef make():\n    x = keras.Input((4,))\n    return keras.Model(x, Wrap(layers.Dense(4), 0.7)(x))\n"
    path = tmp_path / "wrap.py"
    path.write_text(source + made)
    record = verify(f"{path}:make")
    assert lost(record) == {"constructor", "save"}
    assert next(c for c in record["checks"] if c["name"] == "save")["layer"] == "wrap"
    code = next(c for c in record["checks"] if c["name"] == "constructor")["hint"].partition("\n")[2]
    path.write_text(source + "\n" + "".join(f"    {line}\n" for line in code.splitlines()) + made)
    assert verify(f"{path}:make")["ok"]


def test_strict_in_fresh_processes():
    assert verify(f"{VARIANTS}:drops")["ok"]
    assert lost(verify(f"{VARIANTS}:drops", "--strict")) == {"seeds"}
