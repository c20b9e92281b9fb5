"""KS627 control-characters-in-names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..analyses.config_objects import Node, shown
from ..linting.case import Case
from ..linting.object_rule import ObjectRule
from ..linting.rule import Example, Finding

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
KINDS = (("\u061c", "\u2069", "changes the direction of text"), ("\ud800", "\udfff", "is half a character"))
HINT = "rename it: letters, digits and punctuation of any language are fine"
EDIT = ("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.save(path)\nedit_config(path, "
        "lambda c: c['config']['layers'][1]['config'].update(")  # fmt: skip


class ControlCharactersInNames(ObjectRule):
    """A name holds characters that are not seen and that steer what shows it.

    Escape codes clear the screen of a terminal or write what a tool never said; line breaks forge lines of a log; marks
    of direction let `Dense` read as something else. Keras prints names into its errors as they are. kinspect escapes
    them everywhere.
    """

    code = "KS627"
    name = "control-characters-in-names"
    severity = "warning"
    flags = (
        Example(EDIT + "name='a\\x1b[2Jb'))", "a code that clears the terminal"),
        Example(EDIT + "name='a\\u202eb'))", "a mark that turns the text around", "model.h5"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='a\\nerror: b')])",
                "a line break"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2, name='größe 層 🧠 نام‌ها')])",
                "letters of any language, with the joiners that some need"),
        Example("model = keras.Sequential([layers.Input((1,), dtype='string'), layers.StringLookup("
                "vocabulary=['a\\n', '\\x1b[0m'])])", "such characters in a vocabulary", "model.json"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for node in case.objects.named:
            for key, text in names_of(node):
                match = CONTROL.search(text)
                if match is not None:
                    what = f"U+{ord(match[0]):04X}, which {effect(match[0])}"
                    yield self.at(node, f"the {key} {shown(text)} holds {what}", hint=HINT)
                    break


def names_of(node: Node) -> Iterator[tuple[str, str]]:
    """The names that an object has and asks for."""
    value, config = node.value, node.value.get("config")
    for key in ("name", "class_name", "module", "registered_name"):
        if isinstance(value.get(key), str):
            yield key, value[key]
    if isinstance(config, str):
        yield "name", config
    elif isinstance(config, dict) and isinstance(config.get("name"), str):
        yield "name", config["name"]


def effect(character: str) -> str:
    return next((what for first, last, what in KINDS if first <= character <= last), "is a control character")
