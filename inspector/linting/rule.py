"""What a rule is, what it finds, and the examples that are its tests and its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from .case import Case

SEVERITIES = ("info", "warning", "error")


class Finding(NamedTuple):
    """One thing that a rule has to say: which rule, of which file and layer, what is wrong and what to do.

    ``pointer`` is the JSON pointer or HDF5 path inside the file. ``cve`` and ``affects`` stand with safety rules.
    """

    code: str
    name: str
    severity: str
    message: str
    hint: str | None = None
    layer: str | None = None
    pointer: str | None = None
    line: int | None = None
    file: str = ""
    cve: tuple[str, ...] = ()
    affects: str | None = None


class Example(NamedTuple):
    """Keras code that leaves ``model``, saved to a file named ``save_as``; or that writes the file ``path`` itself.

    An empty ``save_as`` leaves the model live: what it shows cannot be saved.
    ``keras``, ``layers``, ``ops``, ``np``, ``json`` and ``path`` (where the file goes) are there. ``title`` says in a
    few words what it shows; ``options`` are what a project must have configured, by the names of `Options`.
    """

    code: str
    title: str = ""
    save_as: str = "model.keras"
    options: Mapping[str, Any] = MappingProxyType({})


class Rule:
    """One rule. The docstring's first line says what is wrong; the rest, what comes of it and what to do.

    ``needs`` names what of a `Case` it looks at; where a file does not give that, the rule is not asked.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ("model",)
    on_by_default: ClassVar[bool] = True
    of_files: ClassVar[bool] = True  # else only a whole run can tell, and `check` finds nothing
    flags: ClassVar[tuple[Example, ...]] = ()
    allows: ClassVar[tuple[Example, ...]] = ()

    def check(self, case: Case) -> Iterator[Finding]:
        """Everything that this rule has to say of a file."""
        raise NotImplementedError

    def finding(
        self,
        message: str,
        *,
        hint: str | None = None,
        layer: str | None = None,
        pointer: str | None = None,
        severity: str | None = None,
        line: int | None = None,
        cve: tuple[str, ...] = (),
        affects: str | None = None,
    ) -> Finding:
        """A finding of this rule; its severity is the rule's unless stated."""
        return Finding(
            self.code, self.name, severity or self.severity, message, hint, layer, pointer, line, "", cve, affects
        )


__all__ = ["SEVERITIES", "Example", "Finding", "Rule"]
