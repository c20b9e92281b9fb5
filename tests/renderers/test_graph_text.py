"""The graph in a terminal: as wide as the terminal is, whole off it, branches visible, blocks folded."""

import pytest

from inspector.api import Summary
from inspector.graph import Call, Graph, Layer, Model, TensorRef
from inspector.renderers.escaping import width
from inspector.renderers.graph_text import render_graph
from inspector.views.tracing import Tracer

from .test_plot_svg import MODELS, SHOW, branches, large_graph, traced


def lines_of(graph, room, fold=True):
    summary = Summary(Model(graph, "config", graph.name))
    drawing = Tracer(summary.facts, summary.record, fold=fold).trace()
    drawing.show = SHOW
    return render_graph(drawing, room)


def transformer(blocks) -> Graph:
    """A decoder as models have it: norm, attention, add, norm, two dense layers, add."""
    layers = [Layer("tokens", "InputLayer", "input", {"batch_shape": [None, 128], "dtype": "int32"}, calls=(Call(),))]

    def add(name, class_name, config, *sources):
        refs = [TensorRef(source, 0, 0) for source in sources]
        args = (refs,) if class_name == "Add" else tuple(refs)
        layers.append(Layer(name, class_name, "layer", config, calls=(Call(args),)))
        return name

    x = add("embedding", "Embedding", {"input_dim": 1000, "output_dim": 64}, "tokens")
    for block in range(blocks):
        y = add(f"norm1_{block}", "LayerNormalization", {"axis": -1}, x)
        y = add(f"attention_{block}", "MultiHeadAttention", {"num_heads": 4, "key_dim": 16}, y, y)
        x = add(f"add1_{block}", "Add", {}, x, y)
        y = add(f"norm2_{block}", "LayerNormalization", {"axis": -1}, x)
        y = add(f"wide_{block}", "Dense", {"units": 256, "activation": "gelu"}, y)
        y = add(f"narrow_{block}", "Dense", {"units": 64}, y)
        x = add(f"add2_{block}", "Add", {}, x, y)
    end = add("head", "Dense", {"units": 1000}, x)
    inputs, outputs = TensorRef("tokens", 0, 0), TensorRef(end, 0, 0)
    return Graph("transformer", "Functional", "functional", tuple(layers), inputs, outputs)


@pytest.mark.parametrize("room", [80, 120, 200])
def test_twenty_four_blocks_fit_a_screen(room):
    lines = lines_of(transformer(24), room)
    assert len(lines) < 30 and max(map(width, lines)) <= room
    assert "┏━ ×24  7 layers each" in "\n".join(lines) and sum("├─╮" in line for line in lines) == 2


@pytest.mark.parametrize("room", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal(room):
    for path in MODELS:
        _, drawing = traced(path, fold=True)
        lines = render_graph(drawing, room)
        longest = max((len(node.name) for node in drawing.nodes), default=0)
        assert max(map(width, lines)) <= max(room, longest + 40), path.name
        assert sum(line.count("●") + line.count("◌") for line in lines) >= sum(n.kind == "layer" for n in drawing.nodes)


def test_off_a_terminal_nothing_is_cut():
    lines = lines_of(large_graph("residual", 200), 100_000, fold=False)
    assert len(lines) > 200 and not any(line.endswith("…") for line in lines)


def test_each_branch_has_a_lane():
    text = "\n".join(lines_of(branches(), 80))
    for name in ("a1", "b1", "c1", "d1"):
        assert f"● {name}" in text.replace("│ ", "") or name in text
    assert "├─┴─┴─╯" in text


def test_inputs_are_never_folded():
    count = 12
    layers = [
        Layer(f"in{place}", "InputLayer", "input", {"batch_shape": [None, 4], "dtype": "float32"}, calls=(Call(),))
        for place in range(count)
    ]
    refs = [TensorRef(f"in{place}", 0, 0) for place in range(count)]
    layers.append(Layer("join", "Concatenate", "layer", {}, calls=(Call((refs,)),)))
    text = "\n".join(
        lines_of(Graph("wide", "Functional", "functional", tuple(layers), refs, TensorRef("join", 0, 0)), 80)
    )
    assert all(f"in{place} " in text for place in range(count)) and "×12" not in text
