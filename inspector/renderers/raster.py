"""A drawing as PNG or PDF, no larger than these can be."""

from __future__ import annotations

from ..views.drawing import Drawing
from .dot import render_dot
from .engine import draw, options_for
from .palette import LIGHT

DPI = 144.0
MOST_PIXELS = 32_767  # to a side: cairo draws no more, and shrinks what is larger
MOST_INCHES = 198  # to a side of a PDF's page without margins: readers open 200; vectors lose nothing
SHRUNK = "shrunk to the {:,} pixels that a side of a PNG may have: SVG, PDF and HTML stay sharp"


def render_png(drawing: Drawing, theme: str = LIGHT, engine: str | None = None) -> bytes:
    """The drawing at twice the size of a screen's, or as large as may be; then a note says so."""
    dot = render_dot(drawing, theme)
    dpi = DPI if drawing.extent is None else min(DPI, MOST_PIXELS * 72 / max(drawing.extent))
    content = draw(dot, "png", engine, (*options_for(drawing), f"-Gdpi={dpi:.3f}"))
    if dpi < DPI or max(size_of(content)) >= MOST_PIXELS:
        drawing.notes.append(SHRUNK.format(MOST_PIXELS))
    return content


def render_pdf(drawing: Drawing, theme: str = LIGHT, engine: str | None = None) -> bytes:
    """The drawing as one page, which readers can open whatever its size."""
    dot = render_dot(drawing, theme)
    return draw(dot, "pdf", engine, (*options_for(drawing), f"-Gsize={MOST_INCHES},{MOST_INCHES}"))


def size_of(png: bytes) -> tuple[int, int]:
    """Columns and rows of pixels, as the file's first chunk states them."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
