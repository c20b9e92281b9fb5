"""What a notebook shows of a model: its picture where it can be read, else text."""

import base64
import re
from xml.etree import ElementTree

import pytest

import inspector
from fixtures.catalogue import FILES
from inspector.graph import Model
from inspector.renderers import engine, notebook

from .test_plot_svg import large_graph


class Printer:
    """IPython's printer, as far as it is used."""

    def __init__(self):
        self.said = ""

    def text(self, text):
        self.said += text


def size_of(svg):
    return [float(size) for size in re.search(r' width="(\d+)pt" height="(\d+)pt"', svg).groups()]


@pytest.mark.parametrize("name", ["toy_resnet.keras", "nested_autoencoder.keras", "small_ticket_router.keras"])
def test_a_model_and_its_summary_show_the_picture(name):
    model = inspector.read(FILES / name)
    svg = model._repr_svg_()
    assert ElementTree.fromstring(svg).tag.endswith("svg") and 'class="node ' in svg
    assert svg == inspector.summary(model)._repr_svg_()
    width, height = size_of(svg)
    assert width <= notebook.WIDEST and height <= notebook.LONGEST


def test_repeated_blocks_are_folded():
    assert "×2" in inspector.read(FILES / "toy_resnet.keras")._repr_svg_()


def test_a_summary_in_a_notebook_is_the_picture_and_the_table():
    summary = inspector.summary(FILES / "toy_resnet.keras")
    html = summary._repr_html_()
    image = re.search(r'<img [^>]*base64,([^"]+)"', html)
    assert base64.b64decode(image[1]).decode() == summary._repr_svg_()
    assert html.index("<img") < html.index("<table>")


def test_a_model_too_large_for_a_picture_is_text():
    model = Model(large_graph("wide", 3000), "config", "wide")
    assert model._repr_svg_() is None
    assert "<img" not in inspector.summary(model)._repr_html_()
    printer = Printer()
    model._repr_pretty_(printer, False)
    lines = printer.said.splitlines()
    assert "▷ in" in printer.said and len(lines) <= notebook.MOST_LINES + 1


def test_nested_models_close_where_there_is_no_room(monkeypatch):
    monkeypatch.setattr(notebook, "MOST_NODES", 6)
    svg = inspector.read(FILES / "nested_autoencoder.keras")._repr_svg_()
    assert 'class="cluster' not in svg and "encoder" in svg


def test_without_an_engine_there_is_text(monkeypatch):
    monkeypatch.setattr(engine, "look_for_engines", lambda chosen=None: iter(()))
    model = inspector.read(FILES / "toy_resnet.keras")
    assert model._repr_svg_() is None
    printer = Printer()
    model._repr_pretty_(printer, False)
    assert "conv2d" in printer.said
