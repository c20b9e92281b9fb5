"""KS804 forbidden-format-or-layer."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.parts import walk_held
from ..linting.case import Case
from ..linting.rule import Example, Finding, Rule

SMALL = "model = keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dropout(0.1)])"
FORMATS = ("keras", "keras-dir", "h5", "weights-h5", "config", "savedmodel")


class ForbiddenFormatOrLayer(Rule):
    """A file format or a layer that the project does not allow (`allowed-formats`, `forbidden-layers`).

    A project that ships `.keras` files alone, or whose runtime cannot run `Lambda` or `LSTM`, says so once and has it
    held in every file. Formats are `keras`, `keras-dir`, `h5`, `weights-h5`, `config` and `savedmodel`; layers are
    named by their class, wrapped and nested ones are found too. Without a setting nothing is said.
    """

    code = "KS804"
    name = "forbidden-format-or-layer"
    severity = "error"
    needs = ("file",)
    flags = (
        Example(SMALL, "an .h5 file", "model.h5", {"allowed_formats": ("keras",)}),
        Example(SMALL, "a layer", "model.keras", {"forbidden_layers": ("Dropout", "Lambda")}),
        Example("x = keras.Input((5, 4))\ninner = keras.Model(x, layers.Bidirectional(layers.LSTM(3))(x))\n"
                "y = keras.Input((5, 4))\nmodel = keras.Model(y, inner(y))", "a layer in a wrapper", "model.h5",
                {"forbidden_layers": ("LSTM",)}),
        Example("import tf_keras\ntf_keras.Sequential([tf_keras.Input((2,)), tf_keras.layers.Dense(2)]).save(path)",
                "a SavedModel", "saved", {"allowed_formats": ("keras", "h5")}),
    )  # fmt: skip
    allows = (
        Example(SMALL, "a format that is allowed", "model.keras", {"allowed_formats": ("h5", "keras")}),
        Example(SMALL, "layers that are allowed", "model.h5", {"forbidden_layers": ("Lambda", "dropout")}),
        Example(SMALL, "nothing configured", "model.h5"),
    )

    def check(self, case: Case) -> Iterator[Finding]:
        if case.is_live or (not case.options.allowed_formats and not case.options.forbidden_layers):
            return
        kind = format_of(case)
        allowed = case.options.allowed_formats
        if allowed and kind is not None and kind not in allowed:
            yield self.finding(
                f"the format is {kind!r}, and allowed-formats has {', '.join(map(repr, allowed))}",
                hint=f"save the model as {allowed[0]!r}, or add {kind!r} to allowed-formats",
            )
        if not case.options.forbidden_layers or not case.has("model"):
            return
        found: dict[str, list[str]] = {}
        for path, _, layer in walk_held(case.model):
            if layer.class_name in case.options.forbidden_layers:
                found.setdefault(layer.class_name, []).append(path)
        for name, paths in found.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield self.finding(
                f"{name} {paths[0]!r}{more}: forbidden-layers names this class",
                layer=paths[0],
                hint=f"build the model without {name}, or take it out of forbidden-layers",
            )


def format_of(case: Case) -> str | None:
    """The name of the file's format; `None` where it is not known."""
    if case.has("probe") and case.probe.names is not None and "saved_model.pb" in case.probe.names:
        return FORMATS[-1]
    return case.model.format if case.has("model") else None
