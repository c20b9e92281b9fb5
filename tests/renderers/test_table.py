"""What gives way on a terminal, and that nothing does elsewhere."""

import pytest

from fixtures.catalogue import FILES
from inspector import summary
from inspector.renderers.escaping import width
from inspector.renderers.text import Manner, render_text
from inspector.views.summary import SummaryView

NAMES = ("text_preprocessing.keras", "toy_resnet.json", "nested_multi_io.keras", "small_shared_embedding.keras")


@pytest.mark.parametrize("name", [name for name in NAMES if (FILES / name).exists()])
@pytest.mark.parametrize("room", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_no_name_is_cut(name, room):
    found = summary(FILES / name)
    view = SummaryView(found.facts, found.record, depth=None)
    lines = render_text(view, Manner(room=room, quiet=True))
    assert max(map(width, lines)) <= room
    for entry in found.record["layers"]:
        assert any(line.lstrip().split()[:1] == [entry["path"]] for line in lines)


def test_the_least_useful_column_gives_way_first():
    found = summary(FILES / "branch.keras")
    view = SummaryView(found.facts, found.record)
    titles = [render_text(view, Manner(room=room, quiet=True))[0] for room in (120, 50, 40)]
    assert "MACs" in titles[0] and "Connected" in titles[0]
    assert "Connected" not in titles[1] and "Output shape" in titles[1]
    assert "MACs" not in titles[2] and titles[2].startswith("Layer") and "Params" in titles[2]


def test_off_a_terminal_all_is_there():
    found = summary(FILES / "branch.keras")
    assert "no room" not in str(found) and "Connected to" in str(found)


def test_python_shows_the_table_and_html():
    found = summary(FILES / "branch.keras")
    assert found.to_dict()["totals"]["params"] == 282
    found.to_dict()["layers"].clear()
    assert len(found.record["layers"]) == 6
    assert found._repr_html_().count("<tr>") == 7
    assert repr(found) == "<Summary of 'branch': 6 layers, 282 params>"
