"""What one rule tells of a file no other one repeats, where all are asked."""

import pytest

from fixtures.hostile import corpus
from inspector.linting.rule import Example
from inspector.linting.run import check_file
from inspector.rules import load_rule, rule_names

from .building import write_example

RULES = [load_rule(code) for code in rule_names()]
ONCE = {
    "npz-pickle.keras": "KS620", "npz-bomb.keras": "KS615", "bomb.keras": "KS616", "up.weights.json": "KS621",
    "model.yaml": "KS624", "cycle.h5": "KS692", "cycle.json": "KS692", "pickle.keras": "KS619",
    "keras-layer.keras": "KS604", "vocabulary-0.json": "KS608", "vocabulary-40.h5": "KS608",
}  # fmt: skip


def above_info(path, rules=RULES):
    return {finding.code for finding in check_file(str(path), rules) if finding.severity != "info"}


@pytest.mark.parametrize("hostile", [one for one in corpus("marker") if one.name in ONCE], ids=lambda one: one.name)
def test_a_cause_is_told_and_not_that_the_model_cannot_be_read(hostile, tmp_path):
    path = tmp_path / hostile.name
    hostile.write(path, "marker")
    code = ONCE[hostile.name]
    found = above_info(path)
    assert code in found and not found & {"KS691", "KS707"}
    if code != "KS608":
        rest = [rule for rule in RULES if rule.code != code]
        assert "KS691" in above_info(path, rest), "a file that cannot be read is never clean"


def test_a_vocabulary_elsewhere_is_told_where_safety_is_not_asked(tmp_path):
    path = write_example(load_rule("KS707").flags[0], tmp_path)
    assert "KS608" in above_info(path) and "KS707" not in above_info(path)
    assert "KS707" in above_info(path, [rule for rule in RULES if not rule.code.startswith("KS6")])


def test_what_else_is_broken_is_told_beside_the_cause(tmp_path):
    """Weights that were damaged, in a file whose graph is broken too."""
    broken = load_rule("KS692").flags[0].code + (
        "\ncontent = bytearray(path.read_bytes())\nat = content.index(model.layers[1].kernel.numpy().tobytes())\n"
        "content[at] ^= 1\npath.write_bytes(content)"
    )
    assert {"KS691", "KS692"} <= above_info(write_example(Example(broken), tmp_path))


def test_files_that_tf_keras_alone_reads_are_sound_for_it(tmp_path):
    """Neither functions of TensorFlow nor arguments of Keras 2 are faults there, unless Keras 3 is the target."""
    code = (
        "import tensorflow as tf\nimport tf_keras\nx = tf_keras.Input((4, 3))\n"
        "y = tf_keras.layers.LSTM(2)(tf.math.abs(x))\ntf_keras.Model(x, y).save(path)"
    )
    pytest.importorskip("tf_keras")
    path = write_example(Example(code), tmp_path)
    assert above_info(path) == set()
    assert {"KS708", "KS711"} <= above_info(write_example(Example(code, "", "old.h5"), tmp_path))
