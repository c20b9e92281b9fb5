"""The colours of a drawing, light and dark, all mixed from the families' own."""

from __future__ import annotations

from collections.abc import Mapping

from ..views.families import FAMILIES

Colours = Mapping[str, str]
LIGHT, DARK = "light", "dark"
GROUND = {LIGHT: "#ffffff", DARK: "#0d1420"}
PLAIN = {
    "ink": ("#111827", "#eef2f8"), "quiet": ("#5b6472", "#a3adbd"), "ground": ("#fffffe", GROUND[DARK]),
    "line": ("#64707f", "#8d99aa"), "label": ("#4a5361", "#b4bdcb"), "tie": ("#aa4400", "#f0a060"),
    "track": ("#dde2e9", "#2c3748"), "macs": ("#7c8797", "#8a97aa"), "box": ("#f6f8fa", "#141d2b"),
    "box line": ("#b6c0cc", "#425066"), "block": ("#fdf8ee", "#1f1c16"), "block line": ("#c2964a", "#9c7a40"),
    "strong": ("#d6006c", "#ff5fa8"), "faint": ("#cfd6de", "#303c50"), "faint ink": ("#838d9b", "#6f7c90"),
}  # fmt: skip


def colours(theme: str) -> dict[str, str]:
    """Every colour by its role: ``conv fill`` and ``conv line`` of a family, ``ink``, ``line`` and the like."""
    found = {role: pair[theme == DARK] for role, pair in PLAIN.items()}
    for name, family in FAMILIES.items():
        if theme == DARK:
            found[f"{name} fill"] = mix(family.colour, GROUND[DARK], 0.27)
            found[f"{name} line"] = mix(family.colour, "#ffffff", 0.62)
        else:
            found[f"{name} fill"] = mix(family.colour, "#ffffff", 0.13)
            found[f"{name} line"] = family.colour
    return found


def translation() -> dict[str, str]:
    """Each light colour with the dark one of the same role."""
    dark = colours(DARK)
    return {colour: dark[role] for role, colour in colours(LIGHT).items()}


def mix(colour: str, other: str, share: float) -> str:
    """``share`` of one colour in another, both ``#rrggbb``."""
    pairs = zip(channels(colour), channels(other), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
