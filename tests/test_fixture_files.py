"""Every committed file against what Keras said of it when it was built; no TensorFlow is needed to run this."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.analyses.summary import summarise
from inspector.readers import read

from .differential.compare import differences

FILES = Path(__file__).parent.parent / "fixtures" / "files"
ORACLE = json.loads((FILES / "oracle.json").read_text())
WHOLE = [name for name in ORACLE["files"] if ".weights" not in name]


def described(name: str) -> dict:
    """What Keras says after loading the file; of the original model where Keras cannot load it."""
    return ORACLE["models"][ORACLE["files"][name]["model"]]


def is_subclassed(name: str) -> bool:
    return json.loads(json.dumps(summarise(read(FILES / name))))["model"]["kind"] == "subclassed"


SUBCLASSED = [name for name in WHOLE if is_subclassed(name)]
FLAG_LOST = {"tfk_frozen.keras", "tfk_frozen.h5"}  # tf_keras forgets a nested model's own flag when it loads


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in SUBCLASSED])
def test_summary_says_what_keras_says(name):
    record = json.loads(json.dumps(summarise(read(FILES / name))))
    found = differences(record, described(name), exact=False)
    if name in FLAG_LOST:
        assert found == ["backbone: trainable False, Keras says True"]
    else:
        assert found == []


@pytest.mark.parametrize("name", SUBCLASSED)
def test_subclassed_model_is_told_from_its_weights(name):
    record, keras = json.loads(json.dumps(summarise(read(FILES / name)))), described(name)
    theirs = {row["path"]: row for row in keras["layers"]}
    for row in record["layers"]:
        assert row["path"] in theirs
        counted = theirs[row["path"]]["params"]
        assert counted is None or row["params"] == counted  # Keras may leave the model unbuilt, and its weights behind
    totals = record["totals"]
    assert totals["params"] is None or keras["totals"]["params"] in (None, totals["params"])
