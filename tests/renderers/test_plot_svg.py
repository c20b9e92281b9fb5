"""Every picture is well-formed and holds every layer, call and tensor of its model exactly once."""

import time
from xml.etree import ElementTree

import pytest

from fixtures.catalogue import FILES
from inspector.api import Summary, read
from inspector.graph import Call, Graph, Layer, Model, TensorRef
from inspector.renderers.engine import PURE, SYSTEM, find_engines
from inspector.renderers.palette import DARK, LIGHT, channels, colours
from inspector.renderers.svg import render_svg
from inspector.views.families import FAMILIES
from inspector.views.tracing import Tracer

from .drawn import drawn, expected

MODELS = sorted(
    path
    for path in FILES.rglob("*")
    if path.suffix in (".keras", ".h5", ".json") and path.is_file()
    and not path.name.startswith(("oracle", "expected", "metadata"))
    and path.parent.suffix not in (".dir", ".keras")
)  # fmt: skip
ENGINES = [pytest.param(PURE, id=PURE), pytest.param(SYSTEM, id=SYSTEM, marks=pytest.mark.skipif(
    not find_engines(SYSTEM), reason="no system dot"))]  # fmt: skip
SHOW = frozenset(("shapes", "params", "config"))


def traced(path, **options):
    summary = Summary(read(path))
    drawing = Tracer(summary.facts, summary.record, **options).trace()
    drawing.show = SHOW
    return summary, drawing


def test_both_engines_are_tried_where_both_are():
    assert find_engines(PURE), "graphviz-pure comes with kinspect"


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_picture_holds_everything_once(path, engine):
    summary, drawing = traced(path)
    svg = render_svg(drawing, "auto", engine)
    assert drawn(svg) == expected(summary.model)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_folded_picture_hides_no_kind_of_layer(path):
    summary, drawing = traced(path, fold=True)
    shown = {node.layer for node in drawing.nodes} | {box.layer for box in drawing.boxes}
    classes = {summary.record["layers"][place]["class_name"] for place in shown if place is not None}
    assert classes == {entry["class_name"] for entry in summary.record["layers"]}
    assert len({node.id for node in drawing.nodes}) == len(drawing.nodes)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["far", "wide", "residual"])
def test_five_thousand_calls_are_drawn_in_seconds(kind, engine):
    model = Model(large_graph(kind, 5000), "config", kind)
    summary = Summary(model)
    drawing = Tracer(summary.facts, summary.record).trace()
    drawing.show = SHOW
    start = time.monotonic()
    svg = render_svg(drawing, "auto", engine)
    assert time.monotonic() - start < 60
    assert drawn(svg) == expected(model) and drawing.placed


def large_graph(kind, size):
    """A chain with long edges, a fan of one tensor into all layers, or residual blocks."""
    layers = [Layer("in", "InputLayer", "input", {"batch_shape": [None, 8], "dtype": "float32"}, calls=(Call(),))]
    for place in range(1, size):
        before = [f"l{place - 1}" if place > 1 else "in"]
        if kind == "far" and place % 5 == 4:
            before.append(f"l{place * 31 % (place - 4) or 1}" if place > 8 else "in")
        elif kind == "residual" and place % 3 == 2:
            before.append(f"l{place - 3}" if place > 3 else "in")
        elif kind == "wide" and place < size - 1:
            before = ["in"]
        elif kind == "wide":
            before = [f"l{at}" for at in range(1, place)]
        refs = [TensorRef(name, 0, 0) for name in dict.fromkeys(before)]
        adds = len(refs) > 1
        config = {} if adds else {"units": 8}
        call = Call((refs,)) if adds else Call((refs[0],))
        layers.append(Layer(f"l{place}", "Add" if adds else "Dense", "layer", config, calls=(call,)))
    end = TensorRef(f"l{size - 1}", 0, 0)
    return Graph(kind, "Functional", "functional", tuple(layers), TensorRef("in", 0, 0), end)


def branches():
    """One tensor, four branches whose ends are equal, joined: an inception block."""
    layers = [Layer("in", "InputLayer", "input", {"batch_shape": [None, 8], "dtype": "float32"}, calls=(Call(),))]
    for name, source, units in [("a0", "in", 4), ("b0", "in", 5), ("c0", "in", 6), ("d0", "in", 7)]:
        layers.append(Layer(name, "Dense", "layer", {"units": units}, calls=(Call((TensorRef(source, 0, 0),)),)))
    ends = [
        Layer(f"{name}1", "Activation", "layer", {"activation": "relu"}, calls=(Call((TensorRef(f"{name}0", 0, 0),)),))
        for name in "abcd"
    ]
    refs = [TensorRef(end.name, 0, 0) for end in ends]
    join = Layer("join", "Concatenate", "layer", {}, calls=(Call((refs,)),))
    inputs, outputs = TensorRef("in", 0, 0), TensorRef("join", 0, 0)
    return Graph("branches", "Functional", "functional", (*layers, *ends, join), inputs, outputs)


def test_folding_joins_no_branches():
    summary = Summary(Model(branches(), "config", "branches"))
    drawing = Tracer(summary.facts, summary.record, fold=True).trace()
    heads = [edge.head.name for edge in drawing.edges if edge.kind == "tensor"]
    assert {name for name in heads if heads.count(name) > 1} == {"join"}


def test_calls_of_a_nested_model_are_tied():
    _, drawing = traced(FILES / "nested_called_twice.keras")
    ties = [edge for edge in drawing.edges if edge.kind == "tie"]
    assert [edge.boxes for edge in ties] == [("b0", "b1")]
    assert [box.badge for box in drawing.boxes] == ["call 1 of 2", "call 2 of 2"]
    svg = render_svg(drawing)
    assert "call 2 of 2" in svg and drawn(svg)["box", "tower"] == 2


def test_each_light_colour_has_one_dark_one():
    light, dark = colours(LIGHT), colours(DARK)
    pairs = {(light[role], dark[role]) for role in light}
    assert len(pairs) == len(set(light.values()))


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_text_stands_out_from_every_family(theme):
    found = colours(theme)
    for family in FAMILIES:
        for role, least in (("ink", 7), ("quiet", 4.5)):
            assert contrast(found[role], found[f"{family} fill"]) >= least, (role, family)


@pytest.mark.parametrize("show", ["none", "shapes", "params", "dtype", "config"])
def test_no_fact_is_told_by_colour_alone(show):
    """A family is told by its class too, what is set off by the width of its line."""
    _, drawing = traced(FILES / "toy_resnet.keras")
    drawing.show = frozenset((show,))
    drawing.highlight("Add")
    root = ElementTree.fromstring(render_svg(drawing))
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        classes = group.get("class", "").split()
        if "layer" in classes:
            text = "".join(group.itertext())
            node = next(node for node in drawing.nodes if node.id == group.get("id"))
            assert node.class_name in text
            widths = {path.get("stroke-width") for path in group.iter("{http://www.w3.org/2000/svg}path")}
            assert ("2.6" in widths) == (node.class_name == "Add")


def contrast(one, other):
    """WCAG's contrast of two colours."""
    lights = []
    for colour in (one, other):
        parts = [part / 255 for part in channels(colour)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(lights) / min(lights)
