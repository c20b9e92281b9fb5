"""``.keras`` files and unzipped ``.keras`` directories, of Keras 3 and of tf_keras 2.12 and later."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING

from ..errors import UnknownFormat, UnreadableModel
from ..graph import Model, Note, WeightIndex, replace
from ..keras_config import decode_model
from .archive import Archive, Range
from .json_config import MAX_BYTES, Document, load_json
from .probe import Probe

if TYPE_CHECKING:
    from pathlib import Path

    from .stores import Store  # what reads weights is imported where they are read: most summaries never do

FORMAT = "keras"
CONFIG, METADATA = "config.json", "metadata.json"
H5, NPZ, SHARDS, ASSETS = "model.weights.h5", "model.weights.npz", "model.weights.json", "assets/"
METADATA_BYTES, MAX_ASSETS = 1 << 20, 10_000


class Folder:
    """An unzipped archive, asked as `Archive` is asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        entries = [*path.iterdir(), *islice((path / ASSETS).rglob("*"), MAX_ASSETS)]
        self.members = {entry.relative_to(path).as_posix(): entry for entry in sorted(entries) if entry.is_file()}

    def read(self, name: str, cap: int) -> bytes:
        try:
            with open(self.members[name], "rb") as file:
                data = file.read(cap + 1)
        except OSError as error:
            raise UnreadableModel(f"{name} cannot be opened: {error.strerror}") from None
        if len(data) > cap:
            raise UnreadableModel(f"{name} is larger than {cap:,} bytes, which is not believable")
        return data

    def locate(self, name: str) -> Range:
        return Range(str(self.members[name]), 0, self.members[name].stat().st_size)

    def find_oddities(self) -> list[Note]:
        return []

    def close(self) -> None:
        """Nothing is held open."""


def recognises(probe: Probe) -> bool:
    """A folder with a config.json, or a zip archive with one at its top."""
    if probe.names is not None:
        return CONFIG in probe.names
    if not probe.is_zip:
        return False
    archive = Archive(Range(probe.place, 0, probe.size))
    with archive:
        return CONFIG in archive.members


def read(probe: Probe) -> Model:
    """The model of an archive. Its weights stay unread until they are asked for, but for a subclassed model."""
    box = open_box(probe)
    try:
        return read_box(box, probe)
    finally:
        box.close()


def open_box(probe: Probe) -> Archive | Folder:
    return Folder(probe.path) if probe.is_directory else Archive(Range(probe.place, 0, probe.size))


def read_box(box: Archive | Folder, probe: Probe) -> Model:
    if CONFIG not in box.members:
        raise UnreadableModel(f"its {CONFIG} is not a file")
    config = load_json(box.read(CONFIG, MAX_BYTES), CONFIG)
    if not isinstance(config.value.get("class_name"), str):
        from .config_json import name_content

        raise UnknownFormat(f"its {CONFIG} is {name_content(config.value)}, not a Keras model")
    metadata = read_metadata(box)
    graph = decode_model(config.value)
    version = metadata.value.get("keras_version")
    version = version if isinstance(version, str) else None
    notes = [*config.notes, *metadata.notes, *box.find_oddities(), *note_assets(box)]
    read_store, why_not = find_store(box, probe)
    if why_not:
        notes.append(Note("weights-not-read", why_not))
    training = config.value.get("compile_config")
    model = Model(
        graph,
        "keras-dir" if probe.is_directory else FORMAT,
        probe.place,
        version,
        training if isinstance(training, dict) else None,
        tuple(notes),
        size=probe.size or None,
    )
    return add_weights(model, read_store)


def add_weights(model: Model, read_store: Callable[[], Store] | None) -> Model:
    """The model with its index to be read later; at once where the layers are known from the store alone."""
    if read_store is None:
        return model
    graph, counts_shared = model.graph, not (model.keras_version or "").startswith("2.")
    if graph.kind == "subclassed":
        from .weights_tree import build_tree

        filled, index = build_tree(read_store(), graph)
        return replace(model, graph=filled, read_weights=lambda: index)

    def read_index() -> WeightIndex:
        from .weight_paths import index_store

        return index_store(read_store(), graph, counts_shared=counts_shared)

    return replace(model, read_weights=read_index)


def read_metadata(box: Archive | Folder) -> Document:
    """metadata.json; Keras loads a file without one, and so do we."""
    if METADATA not in box.members:
        return Document({}, (Note("no-metadata", f"there is no {METADATA}, so the version of Keras is not known"),))
    return load_json(box.read(METADATA, METADATA_BYTES), METADATA)


def find_store(box: Archive | Folder, probe: Probe) -> tuple[Callable[[], Store] | None, str | None]:
    """A function that reads the variables, or why they are not read. Which file Keras takes: HDF5 before npz."""
    if H5 in box.members:
        return lambda: within(probe, read_h5_member), None
    if SHARDS in box.members:
        return lambda: within(probe, read_shard_members), None
    if NPZ in box.members:
        from .npz import read_npz_store

        try:
            store = read_npz_store(box.locate(NPZ), NPZ)
        except UnreadableModel as error:
            return None, error.message
        return lambda: store, None
    return None, f"there is neither {H5} nor {NPZ} in it"


def read_h5_member(box: Archive | Folder) -> Store:
    from .stores import read_h5_store

    return read_h5_store(box.locate(H5), H5)


def read_shard_members(box: Archive | Folder) -> Store:
    from .shards import read_shards

    return read_shards(box, SHARDS)


def within(probe: Probe, ask: Callable[[Archive | Folder], Store]) -> Store:
    box = open_box(probe)
    try:
        return ask(box)
    finally:
        box.close()


def note_assets(box: Archive | Folder) -> list[Note]:
    """Assets are files a layer brings along, such as vocabularies; they are counted, not read."""
    count = sum(name.startswith(ASSETS) and not name.endswith("/") for name in box.members)
    return [Note("assets", f"{count} asset file{'s' if count > 1 else ''} in {ASSETS}")] if count else []
