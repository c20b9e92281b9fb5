"""``kinspect verify --static`` over several files, as a hook names them; nothing here needs Keras."""

import json
import shutil

from fixtures.catalogue import FILES


def test_several_files_are_told_one_after_the_other(kinspect, tmp_path):
    for name in ("a.keras", "b.keras"):
        shutil.copy(FILES / "small_mnist_cnn_sequential.keras", tmp_path / name)
    code, out, err = kinspect("verify", "--static", "a.keras", "b.keras")
    assert (code, err) == (0, "") and out.startswith("a.keras\n") and "\nb.keras\n" in out
    record = json.loads(kinspect("verify", "--static", "a.keras", "b.keras", "--format", "json")[1])
    assert record["ok"] and [part["model"]["source"] for part in record["models"]] == ["a.keras", "b.keras"]


def test_what_is_no_model_is_passed_over_where_asked(kinspect, tmp_path):
    shutil.copy(FILES / "small_mnist_cnn_sequential.keras", tmp_path / "a.keras")
    (tmp_path / "note.txt").write_text("no model")
    code, out, err = kinspect("verify", "--static", "--models-only", "note.txt", "a.keras")
    assert code == 0 and "nothing lost" in out and err == "note: note.txt: not a model\n"
    assert kinspect("verify", "--static", "--models-only", "note.txt")[:2] == (0, "")
    assert kinspect("verify", "--static", "note.txt", "a.keras")[0] == 2


def test_several_models_go_with_static_alone(kinspect, tmp_path):
    shutil.copy(FILES / "small_mnist_cnn_sequential.keras", tmp_path / "a.keras")
    code, _, err = kinspect("verify", "a.keras", "a.keras")
    assert code == 2 and err.startswith("error: several models")
