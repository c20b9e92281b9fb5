"""Files that are recognised and refused: what each is, and what to do instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NoReturn

from ..errors import UnknownFormat, UnreadableModel
from ..graph import Model
from .archive import Archive, Range
from .probe import Probe

FORMAT = "foreign"
KERAS_HINT = "name a .keras, .h5, .weights.h5 or config.json file, an unzipped .keras folder, or FILE.py:NAME"
PICKLE = re.compile(rb"\x80[\x02-\x05](?:\x95.{8})?[(}\]cX\x8c\x8aNKGBqMh]", re.S)


def recognises(probe: Probe) -> bool:
    """Everything: this reader is asked last."""
    return True


def read(probe: Probe) -> Model:
    """Never a model: raises `UnknownFormat`, or `UnreadableModel` for what a Keras file can break into."""
    if probe.names is not None:
        refuse_directory(probe, probe.names)
    for is_it, what, hint in KNOWN:
        if is_it(probe):
            raise UnknownFormat(what, hint=hint)
    if probe.is_zip:
        refuse_zip(probe)
    raise UnknownFormat(describe_bytes(probe), hint=KERAS_HINT)


def refuse_directory(probe: Probe, names: frozenset[str]) -> NoReturn:
    if {"saved_model.pb", "saved_model.pbtxt"} & names:
        raise UnknownFormat("a SavedModel", hint="load it with tf_keras and save a .keras file")
    if {"pytorch_model.bin", "model.safetensors"} & names:
        raise UnknownFormat("the folder of a PyTorch model, not of a Keras model", hint=KERAS_HINT)
    if any(name.endswith(".index") for name in names) and "checkpoint" in names:
        raise UnknownFormat("a folder of TensorFlow checkpoints: weights without a model", hint=CHECKPOINT_HINT)
    if "model.weights.h5" in names or "metadata.json" in names:
        raise UnreadableModel("an unzipped .keras folder without its config.json", hint="unzip the .keras file again")
    models = sorted(name for name in names if name.endswith((".keras", ".h5", ".hdf5")))
    hint = f"name the file: {', '.join(repr(str(probe.path / name)) for name in models[:3])}" if models else KERAS_HINT
    raise UnknownFormat("a folder, and no unzipped .keras model", hint=hint)


def refuse_zip(probe: Probe) -> NoReturn:
    with Archive(Range(str(probe.path), 0, probe.size)) as archive:
        names = list(archive.members)
    folders = [name for name in names if name.endswith("/config.json") and name.count("/") == 1]
    if any(name.endswith("/data.pkl") or name == "data.pkl" for name in names):
        raise UnknownFormat("a PyTorch checkpoint, not a Keras model", hint=KERAS_HINT)
    if any(name.startswith("model.weights.") for name in names):
        raise UnreadableModel("a .keras archive without its config.json", hint="save the model again")
    if folders:
        raise UnreadableModel(
            f"a zip of a folder: the model is in {folders[0].partition('/')[0]!r}",
            hint="unzip it and name the folder, or zip what is in the folder",
        )
    if names and all(name.endswith(".npy") for name in names):
        raise UnknownFormat("a numpy .npz file: arrays, not a Keras model", hint=KERAS_HINT)
    raise UnknownFormat("a zip archive, not a Keras model: there is no config.json in it", hint=KERAS_HINT)


def is_safetensors(probe: Probe) -> bool:
    size = int.from_bytes(probe.head[:8], "little")
    return 2 <= size <= probe.size and probe.head[8:9] == b"{"


def is_onnx(probe: Probe) -> bool:
    """ir_version, then the producer's name or version, the model's version or the graph, as protobuf fields."""
    head = probe.head
    return len(head) > 3 and head[0] == 8 and head[1] < 32 and head[2] in (0x12, 0x3A, 0x42)


def is_saved_model_file(probe: Probe) -> bool:
    """schema version 1, then a meta graph."""
    return (
        probe.head.startswith(b"\x08\x01\x12")
        and b"\x0a" in probe.head[3:12]
        and probe.path.name.startswith("saved_model")
    )


def starts(*magics: bytes) -> Callable[[Probe], bool]:
    return lambda probe: probe.head.startswith(magics)


def is_html(probe: Probe) -> bool:
    return probe.head.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def is_yaml(probe: Probe) -> bool:
    return re.search(rb"^(class_name|backend|keras_version): ", probe.head, re.M) is not None


def is_checkpoint(probe: Probe) -> bool:
    """TensorFlow's own: a ``.index`` table, or a data file that only its name tells."""
    return re.search(r"\.(index|data-\d{5}-of-\d{5})$", probe.path.name) is not None or (
        probe.head.startswith(b"model_checkpoint_path:")
    )


CHECKPOINT_HINT = "build the model in code, load the checkpoint into it, and save a .keras file"
DOWNLOAD_HINT = "download the file itself, and not the page about it"
KNOWN: tuple[tuple[Callable[[Probe], bool], str, str], ...] = (
    (
        starts(b"version https://git-lfs"),
        "a Git LFS pointer: the model itself was not downloaded",
        "run `git lfs pull`",
    ),
    (is_html, "an HTML page, not a model", DOWNLOAD_HINT),
    (lambda p: p.head[4:8] == b"TFL3", "a TensorFlow Lite model: what is left of a Keras model", KERAS_HINT),
    (is_safetensors, "a safetensors file: tensors, not a Keras model", KERAS_HINT),
    (starts(b"\x93NUMPY"), "a numpy array, not a Keras model", KERAS_HINT),
    (starts(b"GGUF"), "a GGUF file: tensors, not a Keras model", KERAS_HINT),
    (starts(b"\x1f\x8b"), "a gzip file", "unpack it and name what is in it"),
    (
        starts(b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\0", b"7z\xbc\xaf", b"Rar!"),
        "a compressed file",
        "unpack it and name what is in it",
    ),
    (lambda p: p.is_tar, "a tar archive", "unpack it and name what is in it"),
    (starts(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"), "a PyTorch checkpoint, not a Keras model", KERAS_HINT),
    (
        lambda p: PICKLE.match(p.head) is not None,
        "a pickle, which is never opened",
        "save the model with model.save('x.keras')",
    ),
    (is_saved_model_file, "the protobuf of a SavedModel", "name the folder it stands in"),
    (is_onnx, "an ONNX model, not a Keras model", KERAS_HINT),
    (is_checkpoint, "a TensorFlow checkpoint: weights without a model", CHECKPOINT_HINT),
    (is_yaml, "a model in YAML, which Keras no longer reads", "load it with Keras 2.6 or older and save a .keras file"),
)


def describe_bytes(probe: Probe) -> str:
    """What can be said of bytes that nobody knows."""
    if not probe.head.strip(b"\0"):
        return "a file of zeros: it was allocated and never written"
    if probe.path.suffix in (".keras", ".h5", ".hdf5"):
        return f"not a Keras model, whatever its name says: it begins with {probe.head[:8]!r}"
    try:
        text = probe.head.decode("utf-8", "strict" if len(probe.head) < 4096 else "ignore")
    except UnicodeDecodeError:
        return f"of no known format: it begins with {probe.head[:8]!r}"
    return "a text file, not a Keras model" if text.isprintable() or "\n" in text else "of no known format"
