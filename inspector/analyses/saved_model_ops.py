"""Operations of a SavedModel that reach out of it: which there are, whether loading runs them, what files they name.

TensorFlow has no guard here: a graph is a program, and loading one runs its initializers. Ordinary exports save and
restore their variables with operations of their own, which are not meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..readers.saved_model_parts import MetaGraph, Node, SavedModelParts

WRITES, READS, RUNS, SENDS = "writes files", "reads files", "calls Python", "talks to other machines"
# Each with the input that names the file, where it is one.
DANGEROUS: dict[str, tuple[str, int | None]] = {
    "WriteFile": (WRITES, 0), "PrintV2": (WRITES, None), "SaveDataset": (WRITES, 1), "SaveDatasetV2": (WRITES, 1),
    "SnapshotDataset": (WRITES, 1), "SnapshotDatasetV2": (WRITES, 1), "CacheDataset": (WRITES, 1),
    "CacheDatasetV2": (WRITES, 1), "CreateSummaryFileWriter": (WRITES, 1), "DatasetToTFRecord": (WRITES, 1),
    "ReadFile": (READS, 0), "MatchingFiles": (READS, 0), "MatchingFilesDataset": (READS, 0),
    "ImmutableConst": (READS, None),
    "TextLineDataset": (READS, 0), "TFRecordDataset": (READS, 0), "TFRecordDatasetV2": (READS, 0),
    "FixedLengthRecordDataset": (READS, 0), "FixedLengthRecordDatasetV2": (READS, 0), "LMDBDataset": (READS, 0),
    "CSVDataset": (READS, 0), "CSVDatasetV2": (READS, 0), "LoadDataset": (READS, 0), "WholeFileReader": (READS, None),
    "WholeFileReaderV2": (READS, None), "TextLineReader": (READS, None), "TextLineReaderV2": (READS, None),
    "TFRecordReader": (READS, None), "TFRecordReaderV2": (READS, None),
    "InitializeTableFromTextFile": (READS, 1), "InitializeTableFromTextFileV2": (READS, 1),
    "PyFunc": (RUNS, None), "PyFuncStateless": (RUNS, None), "EagerPyFunc": (RUNS, None),
    "RpcClient": (SENDS, None), "RpcCall": (SENDS, None), "RpcServer": (SENDS, None), "RpcServerStart": (SENDS, None),
    "Rpc": (SENDS, None), "TryRpc": (SENDS, None), "DataServiceDataset": (SENDS, None),
    "DataServiceDatasetV2": (SENDS, None), "DataServiceDatasetV3": (SENDS, None), "DataServiceDatasetV4": (SENDS, None),
    "DebugIdentity": (WRITES, None), "DebugIdentityV2": (WRITES, None), "DebugIdentityV3": (WRITES, None),
    "DebugNanCount": (WRITES, None), "DebugNumericSummary": (WRITES, None), "DebugNumericSummaryV2": (WRITES, None),
}  # fmt: skip
PASSES_ON = ("Identity", "Enter", "Switch", "ReadVariableOp", "StopGradient")
MAX_STEPS = 20


class Danger(NamedTuple):
    """Operations of one kind in one graph or function. ``path`` is what they name, where a constant says it."""

    node: Node
    what: str
    times: int
    on_load: bool
    path: str | None


def find_dangers(parts: SavedModelParts) -> Iterator[Danger]:
    """The operations that reach out, once for each kind, place and path."""
    for graph in parts.graphs:
        reach: Reach | None = None
        found: dict[tuple[str, str, str | None], list[Node]] = {}
        for scope in graph.places:
            names: dict[str, Node] | None = None
            for node in graph.nodes(scope):
                if node.op in DANGEROUS:
                    if names is None:
                        names = {one.name: one for one in graph.nodes(scope)} if scope else graph.by_name
                    path, is_asset = name_path(graph, names, node)
                    if not is_asset and is_meant(node, path):
                        found.setdefault((scope, node.op, path), []).append(node)
        for (_, op, path), nodes in found.items():
            reach = reach or Reach(graph)
            on_load = any(reach.covers(node) for node in nodes)
            yield Danger(nodes[0], DANGEROUS[op][0], len(nodes), on_load, path)


def is_meant(node: Node, path: str | None) -> bool:
    """Whether an operation reaches out: printing goes to a stream, tables are filled from files that come along."""
    if node.op == "PrintV2":
        return text_attribute(node, "output_stream").startswith("file:")
    if node.op.startswith("InitializeTableFromTextFile"):
        return path is not None
    if node.op.startswith("CacheDataset"):
        return path is None or bool(path)  # an empty name: in memory
    return True


def name_path(graph: MetaGraph, names: dict[str, Node], node: Node) -> tuple[str | None, bool]:
    """The file that an operation names by a constant, and whether it is one of the model's assets."""
    place = DANGEROUS[node.op][1]
    if place is None:
        attribute = {"PrintV2": "output_stream", "ImmutableConst": "memory_region_name"}.get(node.op)
        return (text_attribute(node, attribute) if attribute else None), False
    inputs = node.inputs
    name = inputs[place].partition(":")[0] if place < len(inputs) else ""
    for _ in range(MAX_STEPS):
        source = names.get(name)
        if source is None:
            return name_bound(graph, node.scope, name)
        if not node.scope and name in graph.assets:
            return graph.assets[name], True
        if source.op == "Const":
            return constant_text(source), False
        if source.op not in PASSES_ON or not source.inputs:
            return None, False
        name = source.inputs[0].partition(":")[0]
    return None, False


def name_bound(graph: MetaGraph, scope: str, argument: str) -> tuple[str | None, bool]:
    """The same of a function's argument that is bound to an asset, or to a constant of the graph."""
    asset, constant = graph.find_bound(scope, argument)
    if asset is not None:
        return asset, True
    bound = graph.by_name.get(constant) if constant else None
    return (constant_text(bound) if bound else None), False


def text_attribute(node: Node, name: str) -> str:
    value = node.attributes.get(name)
    return value.text(2) if value is not None else ""


def constant_text(node: Node) -> str | None:
    """The text of a constant that is one."""
    value = node.attributes.get("value")
    for tensor in value.messages(8) if value is not None else ():
        return next(tensor.texts(8), "")
    return None


class Reach:
    """What runs when a SavedModel is loaded: from its initializers back, through every function that is called."""

    def __init__(self, graph: MetaGraph) -> None:
        self.graph = graph
        self.nodes: set[str] = set()
        self.functions: set[str] = set()
        self.waiting: list[str] = []
        self.follow_functions(graph.functions_on_load())
        self.follow_nodes(graph.nodes_on_load())
        self.finish()

    def covers(self, node: Node) -> bool:
        return node.scope in self.functions if node.scope else node.name in self.nodes

    def follow_nodes(self, names: list[str]) -> None:
        """The nodes of the graph that have to run before these, and the functions that they call."""
        if not names:
            return
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            node = self.graph.by_name.get(name)
            if node is None or name in self.nodes:
                continue
            self.nodes.add(name)
            self.follow_functions([node.op, *node.functions()])
            waiting += [source.lstrip("^").partition(":")[0] for source in node.inputs]

    def follow_functions(self, names: list[str]) -> None:
        for name in names:
            if name and name in self.graph.places and name not in self.functions:
                self.functions.add(name)
                self.waiting.append(name)

    def finish(self) -> None:
        """All that the functions call in turn; all of a function's body is taken to run."""
        while self.waiting:
            for node in self.graph.nodes(self.waiting.pop()):
                self.follow_functions([node.op, *node.functions()])


def odd_assets(parts: SavedModelParts) -> list[str]:
    """Assets whose names lead out of the folder that they should be in."""
    names = [name for graph in parts.graphs for name in graph.asset_files]
    return [name for name in dict.fromkeys(names) if name.startswith("/") or ".." in name.replace("\\", "/").split("/")]


__all__ = ["DANGEROUS", "READS", "Danger", "find_dangers", "odd_assets"]
