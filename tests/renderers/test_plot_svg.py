"""Every picture is well-formed and holds every layer, call and tensor of its model exactly once."""

import pytest

from fixtures.catalogue import FILES
from inspector.api import Summary, read
from inspector.renderers.engine import PURE, SYSTEM, find_engines
from inspector.renderers.svg import render_svg
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
