"""What a file names and does not hold, or holds and Keras does not run: classes, functions and code of the user's."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.bytecode import find_bytecode
from ..analyses.parts import walk_held
from ..analyses.references import CUSTOM, FOREIGN
from ..linting.case import Case
from .hints import REGISTER
from .records import UNKNOWN, Finding


def find_custom(case: Case) -> Iterator[Finding]:
    """Classes and functions that are not Keras's: the file names them, and does not hold them."""
    named: dict[str, str | None] = {}
    for found in case.references:
        if found.whose in (CUSTOM, FOREIGN):
            named.setdefault(found.name.rpartition(">")[2], found.node.layer)
    for name, where in named.items():
        yield Finding(
            f"{name} is not Keras's own: it loads only where {name} is registered or passed", where,
            f"put {REGISTER} above {name} and import its module before loading, or pass custom_objects", UNKNOWN,
        )  # fmt: skip
    if case.objects.unread is not None:
        yield Finding(case.objects.unread, None, None, UNKNOWN)


def find_python_code(case: Case) -> Iterator[Finding]:
    """Lambdas: Keras does not run their code, as long as nobody tells it to."""
    told: set[str | None] = set()
    for node, _, _ in find_bytecode(case.objects):
        if node.layer not in told:
            told.add(node.layer)
            yield Finding(
                f"{node.owner()} holds Python byte code, which a plain load refuses", node.layer,
                f"replace it by a named function with {REGISTER}, or by a layer; safe_mode=False runs code of the file",
            )  # fmt: skip
    for path, _, layer in walk_held(case.model):
        if path not in told and "<lambda>" in {str(value) for value in layer.config.values()}:
            yield Finding(f"{layer.class_name} names a lambda, which cannot be found again", path,
                          f"replace it by a named function with {REGISTER}")  # fmt: skip
