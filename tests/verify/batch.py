"""Many round trips in two processes: one that saves every situation, and a fresh one that loads them all.

    python -m tests.verify.batch save|load FOLDER

Beside what a run of the command does, only the start of a process a model is spared.
"""

from __future__ import annotations

import json
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.verify.situations import SITUATIONS, Situation

MODULES = ("silent", "loud", "fine")


def kinds_of(situation: Situation) -> list[str]:
    return [kind for kind in ("keras", "h5") if getattr(situation, kind) is not None]


def request_of(situation: Situation, folder: Path) -> dict[str, Any]:
    return {"kinds": kinds_of(situation), "folder": str(folder), "inputs": situation.inputs, "target": "code:model"}


def save_one(situation: Situation, folder: Path, modules: list[Any]) -> None:
    from inspector.live.roundtrip import save_model
    from inspector.live.roundtrip_runs import read_inputs, train_once

    model = situation.make()
    document = save_model(model, request_of(situation, folder), lambda text: None)
    spec = read_inputs(document["inputs"]) if document["inputs"] else None
    document["train"] = train_once(model, spec) if spec is not None and document["outputs"].get("ran") else None
    (folder / "before.json").write_text(json.dumps(document, default=repr))


def load_one(situation: Situation, folder: Path, modules: list[Any]) -> None:
    from inspector.live.roundtrip import load_back

    before = json.loads((folder / "before.json").read_text())
    for kind in kinds_of(situation):
        path = before["saves"][kind]["file"]
        if path is not None:
            code = ([], modules) if situation.custom else (modules, [])
            answer = load_back(kind, path, before, request_of(situation, folder), lambda text: None, code)
            (folder / f"after.{kind}.json").write_text(json.dumps(answer, default=repr))


def main(half: str, folder: str) -> None:
    import keras

    modules = [import_module(f"tests.verify.situations.{name}") for name in MODULES]
    for number, situation in enumerate(SITUATIONS.values()):
        place = Path(folder, str(number))
        place.mkdir(exist_ok=True)
        keras.backend.clear_session()
        try:
            {"save": save_one, "load": load_one}[half](situation, place, modules)
        except Exception:
            (place / f"{half}.failed").write_text(traceback.format_exc())


if __name__ == "__main__":
    main(*sys.argv[1:])
