"""PNG and PDF of any size: what they cannot hold is shrunk, and said."""

import re

import pytest

from fixtures.catalogue import FILES
from inspector.api import Summary
from inspector.graph import Model
from inspector.renderers.engine import SYSTEM, find_engines
from inspector.renderers.raster import MOST_PIXELS, render_pdf, render_png, size_of
from inspector.views.tracing import Tracer

from .test_plot_svg import ENGINES, SHOW, large_graph, traced


def long_drawing(size):
    summary = Summary(Model(large_graph("far", size), "config", "far"))
    drawing = Tracer(summary.facts, summary.record).trace()
    drawing.show = SHOW
    return drawing


@pytest.mark.parametrize("engine", ENGINES)
def test_a_small_picture_has_its_size(engine):
    _, drawing = traced(FILES / "toy_resnet.keras")
    width, height = size_of(render_png(drawing, engine=engine))
    assert 500 < width < 2000 < height < 4000 and drawing.notes == []


@pytest.mark.parametrize("engine", ENGINES)
def test_a_picture_too_large_for_png_is_shrunk_and_says_so(engine):
    drawing = long_drawing(1500)
    assert 30_000 < max(size_of(render_png(drawing, engine=engine))) <= MOST_PIXELS
    assert any("shrunk" in note for note in drawing.notes)


@pytest.mark.skipif(not find_engines(SYSTEM), reason="no system dot")
def test_a_pdf_is_no_larger_than_readers_open():
    content = render_pdf(long_drawing(1000))
    sides = re.search(rb"MediaBox \[\s*0 0 (\S+) (\S+)\s*\]", content).groups()
    assert 14_000 < max(map(float, sides)) <= 14_400
