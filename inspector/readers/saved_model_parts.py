"""What a SavedModel directory holds, read from ``saved_model.pb`` without TensorFlow: nodes, functions, assets.

No graph of layers comes of it: it is for those who look at what such a model does when it is loaded or called. The
numbers of the fields are those of TensorFlow's own ``.proto`` files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from ..errors import UnreadableModel
from .probe import Probe
from .protobuf import BYTES, Message

PROTOBUF, TEXT_FORM, METADATA = "saved_model.pb", "saved_model.pbtxt", "keras_metadata.pb"
MAX_NODES, MAX_TEXT = 400_000, 4096
ON_LOAD = ("saved_model_main_op", "legacy_init_op")  # collections that name what runs when the model is loaded
INIT_SIGNATURE = "__saved_model_init_op"
OLD_ASSETS = "saved_model_assets"
RUN_ON_LOAD = ("_initialize", "_create_resource")  # functions of an object that its loading calls
KERAS = "_tf_keras"


class Node(NamedTuple):
    """An operation: in the graph, where ``scope`` is empty, or in the function that ``scope`` names."""

    scope: str
    name: str
    op: str
    message: Message

    @property
    def inputs(self) -> list[str]:
        return list(self.message.texts(3))

    @property
    def attributes(self) -> dict[str, Message]:
        return dict(self.message.pairs(5))

    def functions(self) -> Iterator[str]:
        """The functions that its attributes name."""
        for value in self.attributes.values():
            named = [*value.messages(10), *(one for many in value.messages(1) for one in many.messages(9))]
            yield from (function.text(1) for function in named)


class MetaGraph:
    """One of a SavedModel's graphs, with the functions and objects that belong to it."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.is_complete, self.count = True, 0
        self.places: dict[str, list[Message]] = {"": []}
        self.signatures: dict[str, Message] = {}
        for graph in message.messages(2):
            self.keep("", graph.messages(1))
            for function in (one for library in graph.messages(2) for one in library.messages(1)):
                signature = next(function.messages(1), None)
                name = signature.text(1) if signature else "?"
                if signature:
                    self.signatures[name] = signature
                self.keep(name, function.messages(3))

    def keep(self, scope: str, nodes: Iterator[Message]) -> None:
        kept = self.places.setdefault(scope, [])
        for node in nodes:
            self.count += 1
            if self.count > MAX_NODES:
                self.is_complete = False
                return
            kept.append(node)

    def nodes(self, scope: str) -> Iterator[Node]:
        """The operations of the graph or of a function."""
        for message in self.places.get(scope, ()):
            name = op = b""
            for number, wire, start, end, _ in message.fields():
                if wire == BYTES and number == 1:
                    name = message.buffer[start : min(end, start + MAX_TEXT)]
                elif wire == BYTES and number == 2:
                    op = message.buffer[start : min(end, start + MAX_TEXT)]  # the last counts, as in protobuf
            yield Node(scope, name.decode("utf-8", "surrogateescape"), op.decode("utf-8", "surrogateescape"), message)

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """The operations of the graph itself."""
        return {node.name: node for node in self.nodes("")}

    @cached_property
    def assets(self) -> dict[str, str]:
        """The tensors that stand for files which come along, with the names of the files in ``assets``."""
        found = {}
        for asset in self.asset_messages:
            for tensor in asset.messages(1):
                found[tensor.text(1).partition(":")[0]] = asset.text(2)
        return found

    @cached_property
    def asset_messages(self) -> list[Message]:
        """What is said of each asset; TensorFlow 1 said it in a collection."""
        told = list(self.message.messages(6))
        for name, collection in self.message.pairs(4):
            if name == OLD_ASSETS:
                told += [
                    value for held in collection.messages(5) for one in held.messages(1) for value in one.messages(2)
                ]
        return told

    @cached_property
    def asset_files(self) -> list[str]:
        return [asset.text(2) for asset in self.asset_messages]

    def find_bound(self, function: str, argument: str) -> tuple[str | None, str | None]:
        """What a function's argument is bound to, where no call gives it: the file of an asset, or a node's name."""
        signature = self.signatures.get(function)
        names = [one.text(1) for one in signature.messages(2)] if signature else []
        bound = self.bound.get(function, [])
        place = names.index(argument) - (len(names) - len(bound)) if argument in names else -1
        if not 0 <= place < len(bound) or not 0 <= bound[place] < len(self.object_list):
            return None, None
        for asset in self.object_list[bound[place]].messages(5):
            index = read_number(asset, 1)
            return (self.asset_files[index] if index < len(self.asset_files) else None), None
        return None, next((one.text(1) for one in self.object_list[bound[place]].messages(9)), None)

    @cached_property
    def bound(self) -> dict[str, list[int]]:
        """The objects that each function's last arguments are bound to."""
        return {
            name: list(concrete.numbers(2)) for tree in self.message.messages(7) for name, concrete in tree.pairs(2)
        }

    @cached_property
    def object_list(self) -> list[Message]:
        return list(self.objects())

    def nodes_on_load(self) -> list[str]:
        """The nodes of the graph that are run when the model is loaded."""
        named = []
        for name, collection in self.message.pairs(4):
            if name in ON_LOAD:
                named += [node for listed in collection.messages(1) for node in listed.texts(1)]
        for name, signature in self.message.pairs(5):
            if name == INIT_SIGNATURE:
                named += [tensor.text(1) for _, tensor in signature.pairs(2)]
        return [name.partition(":")[0].lstrip("^") for name in named]

    def functions_on_load(self) -> list[str]:
        """The functions that loading calls: of resources that are made and filled, of objects that are restored."""
        by_place = self.object_list
        called: list[int] = []
        for saved in by_place:
            called += [read_number(child, 1) for child in saved.messages(1) if child.text(2) in RUN_ON_LOAD]
            called += [read_number(saveable, 3) for _, saveable in saved.pairs(11)]
        return [name for place in called if 0 <= place < len(by_place) for name in concrete(by_place[place])]

    def objects(self) -> Iterator[Message]:
        """The objects of Python that the graph was saved from."""
        for tree in self.message.messages(7):
            yield from tree.messages(1)


def read_number(message: Message, field: int) -> int:
    """A number field, 0 where it is left out."""
    return next((value for found, _, _, _, value in message.fields() if found == field), 0)


def concrete(saved: Message) -> Iterator[str]:
    for function in saved.messages(6):
        yield from function.texts(1)
    for bare in saved.messages(8):
        yield bare.text(1)


class KerasNode(NamedTuple):
    """What Keras noted of one of its objects when it was saved: ``text`` is JSON."""

    file: str
    path: str
    text: bytes


class SavedModelParts(NamedTuple):
    """A SavedModel. ``text_form`` is one that is written as text, of which nothing is read."""

    folder: Path
    graphs: tuple[MetaGraph, ...] = ()
    text_form: bool = False


def find_folder(probe: Probe) -> Path | None:
    """The directory of a SavedModel, from itself or from the file that makes it one."""
    if probe.names is not None:
        return probe.path if {PROTOBUF, TEXT_FORM} & probe.names else None
    return probe.path.parent if probe.path.name in (PROTOBUF, TEXT_FORM) else None


def read_saved_model(probe: Probe) -> SavedModelParts | None:
    """The parts of a SavedModel; `None` for what is none. Raises `UnreadableModel`."""
    folder = find_folder(probe)
    if folder is None:
        return None
    if not (folder / PROTOBUF).is_file():
        return SavedModelParts(folder, text_form=True)
    message = read_message(folder / PROTOBUF)
    try:
        return SavedModelParts(folder, tuple(MetaGraph(graph) for graph in message.messages(2)))
    except UnreadableModel as error:
        raise UnreadableModel(f"{PROTOBUF} {error.message}") from None


def read_keras_nodes(folder: Path) -> Iterator[KerasNode]:
    """What Keras 2 noted beside the graph; before TensorFlow 2.5, in it. Raises `UnreadableModel`."""
    file = METADATA if (folder / METADATA).is_file() else PROTOBUF
    if not (folder / file).is_file():
        return
    try:
        message = read_message(folder / file)
        for place, node in enumerate(message.messages(1)) if file == METADATA else ():
            yield KerasNode(file, node.text(3) or str(place), last_bytes(node, 5))
        for place, saved in enumerate(list_objects(message)) if file == PROTOBUF else ():
            for user in saved.messages(4):
                if user.text(1).startswith(KERAS):
                    yield KerasNode(file, str(place), last_bytes(user, 3))
    except UnreadableModel as error:
        raise UnreadableModel(f"{file} {error.message.removeprefix(file).lstrip()}") from None


def list_objects(message: Message) -> Iterator[Message]:
    """The objects of Python that all graphs were saved from."""
    for graph in message.messages(2):
        for tree in graph.messages(7):
            yield from tree.messages(1)


def last_bytes(message: Message, field: int) -> bytes:
    found = list(message.messages(field))
    return bytes(found[-1].buffer[found[-1].start : found[-1].end]) if found else b""


def read_message(path: Path) -> Message:
    """A file as a message, mapped: only what is looked at is read."""
    try:
        with open(path, "rb") as file:
            buffer = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is empty"
        raise UnreadableModel(f"{path.name} cannot be opened: {reason}") from None
    return Message(buffer, 0, len(buffer))


__all__ = [
    "METADATA",
    "PROTOBUF",
    "KerasNode",
    "MetaGraph",
    "Node",
    "SavedModelParts",
    "find_folder",
    "read_keras_nodes",
    "read_saved_model",
]
