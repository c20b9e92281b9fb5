"""Facts of a graph's calls, held against an oracle that lists every path, and against Keras itself."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.catalogue import CASES
from inspector.analyses.connections import find_connections
from inspector.api import read
from inspector.graph import Call, Graph, Layer, TensorRef, Unknown


def layer(name, *sources, calls=None, class_name="Dense", kind="layer", **config):
    """A layer called once on ``sources``, or as ``calls`` lists them; a source is ``name`` or ``(name, call)``."""
    taken = [sources] if calls is None else calls
    refs = [[TensorRef(*(s if isinstance(s, tuple) else (s, 0)), 0) for s in call] for call in taken]
    return Layer(name, class_name, kind, config, "keras.layers", calls=tuple(Call((call,)) for call in refs))


def graph(*layers, outputs=None):
    inputs = [TensorRef(item.name, 0, 0) for item in layers if item.kind == "input"]
    ends = outputs or [(layers[-1].name, len(layers[-1].calls) - 1)]
    return Graph("g", "Functional", "functional", layers, inputs, [TensorRef(*end, 0) for end in ends])


def entry(name):
    return layer(name, class_name="InputLayer", kind="input")


@st.composite
def graphs(draw):
    """Small random graphs: calls of few layers, each on some earlier calls, so that layers are shared and loop."""
    names = [f"l{index}" for index in range(draw(st.integers(1, 5)))]
    nodes = [(f"in{index}", 0) for index in range(draw(st.integers(1, 3)))]
    taken = {name: [] for name in names}
    for _ in range(draw(st.integers(1, 9))):
        name = draw(st.sampled_from(names))
        taken[name].append(draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=3)))
        nodes.append((name, len(taken[name]) - 1))
    layers = [entry(name) for name, _ in nodes if name.startswith("in")]
    layers += [layer(name, calls=calls) for name, calls in taken.items()]
    outputs = draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=2, unique=True))
    return graph(*draw(st.permutations(layers)), outputs=outputs)


class Oracle:
    """Every path from every call on, by plain recursion: slow, and too simple to be wrong in the same way."""

    def __init__(self, model):
        self.model = model
        self.after = {(item.name, index): set() for item in model.layers for index in range(len(item.calls))}
        for item in model.layers:
            for index, call in enumerate(item.calls):
                for ref in call.refs():
                    self.after[ref.layer, ref.call].add((item.name, index))
        self.ends = {(ref.layer, ref.call) for ref in model.output_refs()}

    def spell(self, node):
        return f"{node[0]}@{node[1]}" if len(self.model.by_name[node[0]].calls) > 1 else node[0]

    def paths(self, node):
        yield [node]
        for follower in self.after[node]:
            for path in self.paths(follower):
                yield [node, *path]

    def longest(self):
        return max(len(path) for node in self.after for path in self.paths(node))

    def skips(self):
        return {
            (self.spell(a), self.spell(b))
            for a in self.after
            for b in self.after[a]
            if any(path[-1] == b and len(path) > 2 for path in self.paths(a))
        }

    def reaches(self, node):
        return any(path[-1] in self.ends for path in self.paths(node))

    def layers_reached(self, name):
        """The layers some chain of layers leads to, by growing the set until it stays."""
        direct = {item.name: {f[0] for c in range(len(item.calls)) for f in self.after[item.name, c]}
                  for item in self.model.layers}  # fmt: skip
        reached = set(direct[name])
        while True:
            more = reached.union(*(direct[other] for other in reached))
            if more == reached:
                return reached
            reached = more

    def cycles(self):
        names = [item.name for item in self.model.layers]
        reach = {name: self.layers_reached(name) for name in names}
        groups = [[o for o in names if o in reach[name] and name in reach[o]] for name in names if name in reach[name]]
        return [list(group) for group in dict.fromkeys(map(tuple, groups))]


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_facts_as_the_list_of_all_paths_has_them(model):
    oracle, found = Oracle(model), find_connections(model)
    calls = [(item.name, index) for item in model.layers for index in range(len(item.calls))]
    assert found.calls == sum(not name.startswith("in") for name, _ in calls)
    assert len(found.longest_path) == oracle.longest()
    assert set(found.skips) == oracle.skips() and len(set(found.skips)) == len(found.skips)
    assert set(found.branches) == {oracle.spell(node) for node in calls if len(oracle.after[node]) > 1}
    assert sorted(found.cycles) == sorted(oracle.cycles())
    unused = {name for name, _ in calls if name.startswith("in") and not oracle.reaches((name, 0))}
    assert set(found.unused_inputs) == unused
    ends = {n for n in calls if not oracle.after[n] and n not in oracle.ends and n[0] not in unused}
    assert set(found.dead_ends) == {oracle.spell(node) for node in ends}
    assert set(found.unused_layers) == {item.name for item in model.layers if not item.calls}


@settings(max_examples=200, deadline=None)
@given(graphs())
def test_a_longest_path_and_a_loop_can_be_walked(model):
    oracle, found = Oracle(model), find_connections(model)
    spelled = {oracle.spell(node): {oracle.spell(f) for f in after} for node, after in oracle.after.items()}
    assert all(b in spelled[a] for a, b in pairwise(found.longest_path))
    direct = {}
    for (name, _), after in oracle.after.items():
        direct.setdefault(name, set()).update(follower for follower, _ in after)
    for group, loop in zip(found.cycles, found.loops, strict=True):
        assert loop[0] == loop[-1] == group[0] and set(loop) <= set(group)
        assert all(b in direct[a] for a, b in pairwise(loop))


def test_a_residual_and_a_projected_shortcut():
    """An edge around other calls is a skip connection; a shortcut with a layer in it is a branch and a merge."""
    plain = graph(entry("x"), layer("a", "x"), layer("b", "a"), layer("add", "b", "x"))
    assert find_connections(plain).skips == [("x", "add")]
    projected = graph(entry("x"), layer("a", "x"), layer("b", "x"), layer("add", "a", "b"))
    found = find_connections(projected)
    assert (found.skips, found.branches, found.merges) == ([], ["x"], ["add"])


def test_the_same_tensor_twice_is_no_merge():
    found = find_connections(graph(entry("x"), layer("twice", "x", "x")))
    assert (found.merges, found.branches, found.skips) == ([], [], [])


def test_a_sequential_that_waits_for_its_shape_is_a_chain():
    parts = (Layer("a", "Dense", "layer", {}), Layer("b", "Dense", "layer", {}))
    found = find_connections(Graph("s", "Sequential", "sequential", parts, built=False))
    assert (found.longest_path, found.unused_layers, found.dead_ends) == (["a", "b"], [], [])
    empty = find_connections(Graph("s", "Sequential", "sequential", (), built=False))
    assert (empty.calls, empty.longest_path) == (0, [])


def test_layers_without_calls_are_not_known():
    found = find_connections(Graph("m", "Net", "subclassed", (Layer("a", "Dense", "layer", {}),)))
    assert isinstance(found, Unknown)


@pytest.mark.parametrize("function", ["einsum", "__operators__.eq", "meshgrid"])
def test_operands_that_keras_2_leaves_out(function):
    lost = layer("op", "a", class_name="TFOpLambda", kind="operation", function=function)
    model = graph(entry("x"), layer("a", "x"), layer("b", "x"), lost)
    assert find_connections(model, legacy=True).gaps == ["op"]
    assert find_connections(model).gaps == []


@pytest.mark.parametrize("skips", [False, True])
def test_a_chain_of_5000_layers(skips):
    layers = [entry("l0"), layer("l1", "l0")]
    layers += [layer(f"l{i}", f"l{i - 1}", *([f"l{i - 2}"] if skips else [])) for i in range(2, 5_000)]
    found = find_connections(graph(*layers))
    assert len(found.longest_path) == 5_000 and len(found.skips) == (4_998 if skips else 0)


BUILT = [
    case
    for case in CASES
    if case.framework == "keras" and not case.raises and case.builder and case.files() and "keras" in case.formats
]


@pytest.mark.slow
@pytest.mark.parametrize("case", BUILT, ids=lambda case: case.name)
def test_calls_and_depth_are_those_of_keras(case):
    """Keras's deepest node is the end of a longest path, but for layers shared: it puts their calls on one level."""
    import keras

    model = case.build()
    functional = getattr(model, "_functional", None) or model
    if not hasattr(functional, "_nodes_by_depth"):
        pytest.skip("Keras states no graph for it")
    nodes = [node for level in functional._nodes_by_depth.values() for node in level]
    found = find_connections(read(case.files()[0]).graph)
    if isinstance(found, Unknown):
        pytest.skip("the file states no graph for it")
    assert found.calls == sum(not isinstance(node.operation, keras.layers.InputLayer) for node in nodes)
    shared = len({id(node.operation) for node in nodes}) < len(nodes)
    depth = max(functional._nodes_by_depth)
    assert len(found.longest_path) - 1 == depth or (shared and len(found.longest_path) - 1 < depth)
    assert found.unused_layers == found.dead_ends == []
