"""Graphviz: the system's `dot` where there is one, else graphviz-pure, which comes with kinspect."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import KinspectError
from ..views.drawing import Drawing

SYSTEM, PURE = "dot", "graphviz-pure"
TIME_LIMIT = 120.0  # seconds that an engine may take
NO_PDF = "graphviz-pure draws no PDF"
INSTALL = "install Graphviz (apt install graphviz, brew install graphviz, winget install graphviz), or write SVG"


class EngineFailed(KinspectError):
    """An engine that did not draw; ``message`` has its own words."""


class Engine(NamedTuple):
    """A program that lays out and draws DOT."""

    name: str
    path: str

    def draw(self, dot: str, form: str, *options: str, time_limit: float = TIME_LIMIT) -> bytes:
        """The graph in a format of Graphviz's: svg, png, pdf."""
        from subprocess import CalledProcessError, TimeoutExpired

        from graphviz.backend.execute import run_check

        command = [self.path, f"-T{form}", *options]
        try:
            done = run_check(command, input=dot.encode(), capture_output=True, quiet=True, timeout=time_limit)
        except CalledProcessError as error:
            words = (error.stderr or b"").decode(errors="replace").strip().splitlines()
            raise EngineFailed(f"{self.name} failed: {words[-1] if words else error.returncode}") from error
        except TimeoutExpired as error:
            raise EngineFailed(f"{self.name} took more than {time_limit:g} seconds") from error
        except OSError as error:
            raise EngineFailed(f"{self.name} did not start: {error.strerror}") from error
        if not done.stdout:
            raise EngineFailed(f"{self.name} drew nothing")
        return bytes(done.stdout)


def find_engines(chosen: str | None = None) -> list[Engine]:
    """The engines of this machine, best first; only the chosen one where there is a choice."""
    return list(look_for_engines(chosen))


def look_for_engines(chosen: str | None = None) -> Iterator[Engine]:
    """The same one by one: who is served by the first does not wait for the search for the second."""
    from shutil import which

    if chosen in (None, SYSTEM) and (path := which("dot")):
        yield Engine(SYSTEM, path)
    if chosen in (None, PURE):
        from sysconfig import get_path

        scripts = os.pathsep.join((get_path("scripts"), os.environ.get("PATH", os.defpath)))
        if path := which("graphviz-pure", path=scripts):
            yield Engine(PURE, path)


def options_for(drawing: Drawing) -> tuple[str, ...]:
    """What tells the engine that everything has its place already."""
    return ("-Kneato", "-n2") if drawing.placed else ()


def draw(
    dot: str, form: str, chosen: str | None = None, options: Sequence[str] = (), time_limit: float = TIME_LIMIT
) -> bytes:
    """The graph drawn by the first engine that can; what it lacks is said with what to install.

    Raises `EngineFailed` where none can.
    """
    failure: EngineFailed | None = None
    for engine in look_for_engines(chosen):
        if form == "pdf" and engine.name == PURE:
            failure = failure or EngineFailed(NO_PDF, hint=INSTALL)
            continue
        try:
            return engine.draw(dot, form, *options, time_limit=time_limit)
        except EngineFailed as error:
            failure = failure or error
    raise failure or EngineFailed(
        f"{chosen or 'Graphviz'} is not installed", hint=f"pip install graphviz-pure, or {INSTALL}"
    )
