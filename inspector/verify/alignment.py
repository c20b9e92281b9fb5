"""Which layer of the loaded model is which of the saved one, where names are not those they were.

A layer without a name of its own gets one from a counter of the process. Where the user's code makes it anew when the
model is loaded, the count is another: within its owner it is found by its class and its place among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Layer = Mapping[str, Any]


def align(saved: Mapping[str, Any], after: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer of the process that loaded, with the paths that the layers had when they were saved."""
    layers = after["fingerprint"]["layers"]
    if not all("place" in layer for layer in (*saved["layers"], *layers)):
        return after
    paths = find_paths(saved["layers"], layers)
    if all(path == former for path, former in paths.items()):
        return after

    def variable(text: str) -> str:
        path, _, name = text.rpartition(":")
        return f"{paths.get(path, path)}:{name}"

    renamed = [{**layer, "path": paths[layer["path"]]} for layer in layers]
    return {
        **after, "fingerprint": {**after["fingerprint"], "layers": renamed},
        "fresh": [variable(text) for text in after["fresh"]],
        "late": [{**item, "path": paths.get(item["path"], item["path"])} for item in after["late"]],
    }  # fmt: skip


def find_paths(saved: Sequence[Layer], loaded: Sequence[Layer]) -> dict[str, str]:
    """The path that each loaded layer had; owners come before what they hold."""
    theirs, mine = by_owner(saved), by_owner(loaded)
    found, taken = {"": ""}, {""}
    for layer in loaded[1:]:
        owner, key, stable = layer["place"]
        former = theirs.get(found[owner], {})
        if former.keys() != mine[owner].keys():
            key = next((name for name, other in former.items() if other == stable), key)
        path = f"{found[owner]}/{key}" if found[owner] else key
        found[layer["path"]] = path if path not in taken else f"{path} ({stable})"
        taken.add(found[layer["path"]])
    return found


def by_owner(layers: Sequence[Layer]) -> dict[str, dict[str, str]]:
    """The keys of the layers that each holds, and the same without counts of the process."""
    found: dict[str, dict[str, str]] = {}
    for layer in layers[1:]:
        owner, key, stable = layer["place"]
        found.setdefault(owner, {})[key] = stable
    return found
