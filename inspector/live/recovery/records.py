"""What a recovery found: plain frozen records, none of which needs Keras to be read.

`reasons` say why a part is not a plain DAG, or what made a simpler strategy fail. `flags` say what holds besides.
Both are `Reason` records; the codes are stable strings, listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

Verdict = Literal["declared", "recovered", "dynamic", "opaque"]
Strategy = Literal["declared", "symbolic", "symbolic+raw", "symbolic+batch", "symbolic+raw+batch", "traced"]

DYNAMIC_CODES = frozenset(
    {
        "data-dependent-branch",
        "data-dependent-loop",
        "recursion",
        "unbounded-recursion",
        "value-needed",
        "iteration-over-tensor",
        "stochastic-structure",
        "stochastic-values",
        "control-flow-closure",
        "custom-train-step",
        "side-effect",
    }
)
OPAQUE_CODES = frozenset(
    {
        "raw-backend-op",
        "numpy-conversion",
        "backend-tensor-method",
        "unknown-dimension-arithmetic",
        "no-call",
        "input-spec-mismatch",
        "weights-unreached",
        "needs-inputs",
        "user-error",
        "not-symbolic",
        "outputs-differ",
        "output-not-symbolic",
        "not-compared",
    }
)
FLAG_CODES = frozenset(
    {
        "training-only-branch",
        "add-loss-dropped",
        "weights-used-directly",
        "raw-ops",
        "constant-input",
        "names-not-unique",
        "inputs-unused",
        "never-called",
    }
)
CODES = DYNAMIC_CODES | OPAQUE_CODES | FLAG_CODES


@dataclass(frozen=True, slots=True)
class Reason:
    """One fact with the place in the user's code that it comes from; `file` and `line` are None when there is none."""

    code: str
    message: str
    file: str | None = None
    line: int | None = None
    source: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one guard or all: what forbids the word `recovered`, and what is worth saying besides."""

    against: tuple[Reason, ...] = ()
    flags: tuple[Reason, ...] = ()

    def __add__(self, other: Check) -> Check:
        return Check(self.against + other.against, self.flags + other.flags)


@dataclass(frozen=True, slots=True)
class Proof:
    """How the recovered model was held against the original: both run on the same random input, state restored.

    `ok` is None where nothing ran. `max_abs_diff` is over all outputs; `tolerance` is what was allowed.
    """

    ran: bool
    ok: bool | None = None
    max_abs_diff: float | None = None
    tolerance: float | None = None
    compared: str = ""


@dataclass(frozen=True, slots=True)
class StructureNode:
    """One call. `path` is the chain of composite layers around it, `owner/inner/name`."""

    id: str
    kind: Literal["input", "layer", "operation", "raw-operation", "control"]
    class_name: str
    name: str
    path: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Structure:
    """The graph as plain data: nodes, and edges as pairs of node ids. `inside` lists layers in branches or bodies."""

    nodes: tuple[StructureNode, ...]
    edges: tuple[tuple[str, str], ...]
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recovery:
    """The outcome for a model or one of its parts.

    `functional` shares its layers with the model. It computes the same outputs when the verdict is `recovered`;
    with any other verdict it is None, or one sample of what varies (codes `stochastic-structure`, `stochastic-values`),
    or not compared (code `not-compared`).
    `structure` is the same graph as data, and all there is of a graph that was only traced.
    `unique_names` maps the layers whose names Keras would refuse as double to the names used instead.
    """

    verdict: Verdict
    strategy: Strategy | None
    class_name: str
    path: str = ""
    functional: Any = None
    reasons: tuple[Reason, ...] = ()
    flags: tuple[Reason, ...] = ()
    proof: Proof = Proof(ran=False)
    structure: Structure | None = None
    parts: Mapping[str, Recovery] = field(default_factory=dict)
    inputs: Any = None
    unique_names: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Everything but the live model, as JSON values; `functional` becomes whether there is one."""
        out = {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name not in ("functional", "parts")}
        out["functional"] = self.functional is not None
        out["parts"] = {path: part.to_json() for path, part in self.parts.items()}
        return out


def plain(value: Any) -> Any:
    """Records, tuples and mappings as lists and dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value
