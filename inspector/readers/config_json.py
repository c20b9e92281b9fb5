"""``config.json`` alone: an architecture without weights, of Keras 1 to 3."""

from __future__ import annotations

from ..errors import UnknownFormat
from ..graph import Model
from ..keras_config import decode_model
from ..keras_config.keras1 import is_keras1, translate_keras1
from .json_config import MAX_BYTES, Document, load_json
from .probe import Probe

FORMAT = "config"
METADATA_KEYS = {"keras_version", "date_saved"}


def recognises(probe: Probe) -> bool:
    return probe.is_json


def read(probe: Probe) -> Model:
    """The model that a JSON file describes. Raises `UnknownFormat` where it describes something else."""
    document = read_document(probe)
    data = document.value
    if not isinstance(data.get("class_name"), str):
        raise UnknownFormat(f"JSON, and {name_content(data)}, not a Keras model", hint=suggest_file(data))
    version = data.get("keras_version")
    if is_keras1(data, version):
        data = translate_keras1(data)
    training = data.get("compile_config")
    return Model(
        decode_model(data), FORMAT, probe.place, version if isinstance(version, str) else None,
        training if isinstance(training, dict) else None, document.notes, size=probe.size,
    )  # fmt: skip


def read_document(probe: Probe) -> Document:
    with open(probe.place, "rb") as file:
        return load_json(file.read(MAX_BYTES + 1), "the file")


def name_content(data: object) -> str:
    """What a JSON file that is no model is, where its keys tell."""
    keys = set(data) if isinstance(data, dict) else set()
    if keys >= METADATA_KEYS:
        return "the metadata of a .keras archive"
    if "architectures" in keys or "model_type" in keys:
        return "the config of a Hugging Face model"
    if "modelTopology" in keys:
        return "a TensorFlow.js model"
    return "an object without a 'class_name'"


def suggest_file(data: object) -> str | None:
    if isinstance(data, dict) and set(data) >= METADATA_KEYS:
        return "name the config.json beside it, or the folder"
    return None
