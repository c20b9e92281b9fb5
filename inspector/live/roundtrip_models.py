"""Models for a round trip: opened from files or made by code, built, and run within limits of memory."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import keras

from .fingerprint import Document
from .object_tree import own_variables, walk_layers
from .recovery.inputs import InputSpec
from .recovery.state import defining_class, patched
from .roundtrip_runs import find_inputs
from .roundtrip_targets import attempts, load_any, texts
from .target import import_place

Say = Callable[[str], None]
Request = Mapping[str, Any]


def import_code(request: Request, say: Say) -> tuple[list[ModuleType], list[ModuleType]]:
    """The module that defines the model, as whoever loads it imports it too; and those of --custom."""
    given = []
    for place in request.get("custom", ()):
        say(f"importing {place}")
        given.append(import_place(place))
    target = request.get("target")
    own = [import_place(target.rpartition(":")[0])] if target and not request.get("file") else []
    return own, given


def open_file(path: str, given: list[ModuleType]) -> tuple[Any, Document]:
    """The user's file as a model, and how it was opened. Raises `UnreadableModel` where Keras cannot load it."""
    from ..errors import UnreadableModel

    with assignments() as assigned, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, way, problems = load_any("keras", path, attempts("keras", [], given, trusted=False))
    if model is None:
        raise UnreadableModel(f"{problems[0]['error']}: {problems[0]['message']}"[:1500])
    return model, {"way": way, "problems": problems, "warnings": texts(caught), "fresh": unassigned(model, assigned)}


def prepare(model: Any, request: Request) -> tuple[InputSpec | None, str | None]:
    """The model built where it can be, and its inputs; or why there are none."""
    from ..errors import KinspectError
    from .given import build_sequential, given_inputs

    given = request.get("inputs", ())
    try:
        if isinstance(model, keras.Sequential) and not model.built and given:
            build_sequential(model, given_inputs(model, given))  # type: ignore[arg-type]
            given = ()
        spec = find_inputs(model, given)
    except KinspectError:
        raise
    except Exception as error:
        raise_out_of_memory(error)
        return None, f"it cannot be run on random inputs: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return spec, None if spec is not None else "its inputs are not known; give them with --input-shape"


def raise_out_of_memory(error: Exception) -> None:
    """A model that asks for more memory than there is ends the process: Keras tells it as an error of another class."""
    cause: BaseException | None = error
    while cause is not None:
        text = f"{type(cause).__name__}: {' '.join(str(cause).split())}"
        if isinstance(cause, MemoryError) or "OOM when allocating" in text:
            raise MemoryError(text[:300]) from None
        cause = cause.__cause__ or cause.__context__


@contextmanager
def assignments() -> Iterator[set[int]]:
    """The ids of the variables that are assigned to inside."""
    owner = defining_class(keras.Variable, "assign")
    original, kept = owner.assign, []
    assigned: set[int] = set()

    def assign(self: Any, value: Any) -> Any:
        assigned.add(id(self))
        kept.append(self)  # so that no other variable takes its id
        return original(self, value)

    with patched(owner, "assign", assign):
        yield assigned


def unassigned(model: Any, assigned: set[int]) -> list[str]:
    return [
        f"{place.path}:{variable.name}"
        for place in walk_layers(model)
        for variable in own_variables(place.layer)
        if id(variable) not in assigned
    ]


def limit_memory(limit: int | None) -> None:
    """Let the process fail alone where a model asks for more memory than the machine, or the user, gives it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    resource.setrlimit(resource.RLIMIT_DATA, (min(limit or total, total), resource.RLIM_INFINITY))
