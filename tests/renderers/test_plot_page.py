"""The page in a real browser: no complaint, search finds, a click opens, the keyboard does, names stay text."""

import base64
import json
import re
from pathlib import Path

import pytest

from fixtures.catalogue import FILES
from inspector.api import Summary, read
from inspector.renderers.html_page import PageOptions, render_page

from ..cli.test_plot import HOSTILE, hostile_model
from .browser import DRIVER, FOUND, Browser

pytestmark = pytest.mark.skipif(not (FOUND and DRIVER), reason="no Chromium with its driver")
SHOWN = "return [...document.querySelectorAll('.sheet')].filter(e => !e.hidden).map(e => e.id).join()"


@pytest.fixture(scope="module")
def browser():
    found = Browser()
    yield found
    found.close()


@pytest.fixture
def page(browser, tmp_path):
    """Write a model's page and open it."""

    def write(path, **options) -> Browser:
        summary = Summary(read(path))
        target = Path(tmp_path, "model.html")
        content = render_page(summary.facts, summary.record, options=PageOptions(**options))
        target.write_text(content, encoding="utf-8")
        browser.open(target)
        assert browser.complaints() == []
        return browser

    return write


def test_nothing_is_loaded_from_outside(page):
    browser = page(FILES / "nested_autoencoder.keras")
    assert (
        browser.run("return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length")
        == 0
    )
    assert browser.run("return document.title") == "autoencoder"


def test_a_click_shows_a_layer_and_opens_its_sheet(page):
    browser = page(FILES / "nested_autoencoder.keras")
    browser.click("#s0-n1")
    assert "18,672" in browser.run("return document.querySelector('#details').textContent")
    browser.click("#details .open")
    sheet = browser.run(SHOWN)
    assert sheet != "s0"
    assert browser.run("return document.querySelector('#trail').textContent") == "autoencoderencoder"
    browser.click(f"#{sheet}-n1")
    details = browser.run("return document.querySelector('#details').textContent")
    assert "encoder/conv2d" in details and "kernel_size" in details and "(3, 3, 1, 16)" in details
    browser.click("#trail li:first-child button")
    assert browser.run(SHOWN) == "s0"


def test_search_finds_here_and_inside(page):
    browser = page(FILES / "nested_autoencoder.keras")
    browser.press("/", *"transpose_2")
    assert browser.run("return document.querySelector('#found').textContent") == "0 here, 1 in all"
    browser.press("Enter")
    assert browser.run(SHOWN) != "s0"
    assert "decoder/conv2d_transpose_2" in browser.run("return document.querySelector('#details h2').textContent")
    assert browser.run("return document.querySelectorAll('.sheet:not([hidden]) .hit').length") == 1


def test_the_keyboard_walks_opens_and_goes_back(page):
    browser = page(FILES / "nested_autoencoder.keras")
    browser.run("document.querySelector('#s0-n0').focus()")
    browser.press("Down")
    assert browser.run("return document.activeElement.id") == "s0-n1"
    browser.press("Enter")
    assert browser.run(SHOWN) != "s0"
    browser.press("u")
    assert browser.run(SHOWN) == "s0"
    browser.run("document.querySelector('#tab-graph').focus()")
    browser.press("\ue014")
    assert browser.run("return document.querySelector('#layers').hidden") is False


def test_the_table_sorts_and_leads_back_to_the_graph(page):
    browser = page(FILES / "toy_resnet.keras")
    browser.click("#tab-layers")
    browser.click("#layers th:nth-child(4) button")
    params = browser.run(
        "return [...document.querySelectorAll('#layers tbody td:nth-child(4)')].map(e => +e.dataset.key)"
    )
    assert params == sorted(params, reverse=True)
    browser.run(
        "const search = document.querySelector('#search'); search.value = 'dense';"
        "search.dispatchEvent(new Event('input'))"
    )
    assert browser.run("return document.querySelectorAll('#layers tbody tr:not([hidden])').length") == 2
    browser.click("#layers tbody tr:not([hidden]) button")
    assert browser.run("return document.querySelector('#graph').hidden") is False
    assert "dense" in browser.run("return document.querySelector('#details h2').textContent")


def test_a_folded_block_opens_layer_by_layer(page):
    browser = page(FILES / "toy_resnet.keras")
    browser.run("document.querySelector('#s0-b0').focus()")
    browser.press("o")
    sheet = browser.run(SHOWN)
    assert browser.run(f"return document.querySelectorAll('#{sheet} .node.layer').length") == 6


def test_a_page_opens_on_the_sheet_of_the_highlight(page):
    browser = page(FILES / "nested_autoencoder.keras", highlight="decoder/reshape")
    assert browser.run("return document.querySelector('#trail').textContent") == "autoencoderdecoder"
    assert browser.run("return document.querySelectorAll('.sheet:not([hidden]) .strong').length") == 1
    browser.press("u")
    assert browser.run(SHOWN) == "s0"


def test_open_boxes_show_their_layers_on_the_first_sheet(page):
    browser = page(FILES / "nested_autoencoder.keras", depth=None)
    browser.click("#s0-b0 text")
    assert "18,672" in browser.run("return document.querySelector('#details').textContent")


def test_every_sheet_and_the_table_are_printed(page):
    browser = page(FILES / "nested_autoencoder.keras")
    printed = base64.b64decode(browser.ask("/print", {}))
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 4  # three sheets, and the layers


def test_names_that_mean_harm_are_text(page, tmp_path):
    browser = page(hostile_model(tmp_path))
    assert browser.run("return document.querySelectorAll('script').length") == 2
    assert browser.run("return document.querySelectorAll('#stage script, #stage b, #stage img, #layers b').length") == 0
    browser.run(
        "for (const node of document.querySelectorAll('.sheet .node, .sheet .cluster'))"
        " node.dispatchEvent(new MouseEvent('click', {bubbles: true}))"
    )
    assert browser.run("return document.querySelectorAll('#details script, #details h2 *').length") == 0
    data = json.loads(browser.run("return document.querySelector('#data').textContent"))
    assert len(data["layers"]) == len(HOSTILE) + 1
    assert browser.complaints() == []
