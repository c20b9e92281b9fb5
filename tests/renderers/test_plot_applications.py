"""All models of keras.applications, in every form that needs no more than an engine: whole, and each thing once."""

import json

import keras
import pytest

from inspector.api import Summary
from inspector.graph import Model
from inspector.keras_config import decode_model
from inspector.renderers.dot import render_dot
from inspector.renderers.engine import draw
from inspector.renderers.graph_text import render_graph
from inspector.renderers.html_page import render_page
from inspector.renderers.mermaid import render_mermaid
from inspector.renderers.svg import render_svg
from inspector.views.tracing import Tracer

from ..test_applications import NAMES
from .drawn import drawn, expected
from .test_plot_svg import SHOW


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_application_is_drawn_whole(name):
    keras.backend.clear_session()
    config = json.loads(getattr(keras.applications, name)(weights=None).to_json())
    model = Model(decode_model(config), "config", name)
    summary = Summary(model)
    drawing = Tracer(summary.facts, summary.record).trace()
    drawing.show = SHOW
    assert drawn(render_svg(drawing)) == expected(model)
    assert draw(render_dot(drawing), "png").startswith(b"\x89PNG")
    assert len(render_graph(drawing, 100)) > len(drawing.nodes)
    assert render_mermaid(drawing).count(" --> ") + render_mermaid(drawing).count(" -->|") >= len(drawing.nodes) - 1
    assert 'class="sheet"' in render_page(summary.facts, summary.record)
