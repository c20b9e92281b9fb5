"""An exception of the user's code, told as theirs: their file, their line, and what to do where that is known."""

from __future__ import annotations

import os
import re
import sysconfig
from pathlib import Path
from types import TracebackType

from ..errors import KinspectError

OURS = str(Path(__file__).parent.parent) + os.sep
LIBRARY = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
FRAMEWORKS = tuple(
    f"{os.sep}site-packages{os.sep}{name}{os.sep}"
    for name in ("keras", "tf_keras", "tensorflow", "jax", "jaxlib", "torch", "numpy", "optree", "h5py")
)
WRAPPER = re.compile(
    r"^Exception encountered when calling ([^\n]*?)\.\s*\n+(.*?)(?:\n+Arguments received|\Z)", re.DOTALL
)
STYLES = re.compile(r"\x1b\[[0-9;]*m")
MAX_LENGTH = 1500


class UserCodeError(KinspectError):
    """An exception that the user's own code raised."""


def user_error(error: BaseException, place: str) -> UserCodeError:
    """An exception of the user's code as one line: their file and line, the exception, and what to do if we know."""
    file, line = where(error.__traceback__)
    text = message_of(error)
    if isinstance(error, SyntaxError):
        file, line, text = error.filename or file, error.lineno or line, error.msg
    spot = f"{shown(file)}:{line}" if file else place
    if isinstance(error, SystemExit):
        return UserCodeError(f"{spot}: the code ends the program itself: sys.exit({text})", hint=EXIT_HINT)
    return UserCodeError(f"{spot}: {type(error).__name__}: {text or 'no message'}"[:MAX_LENGTH], hint=advice(error))


EXIT_HINT = "put what is to run as a script below: if __name__ == '__main__':"


def message_of(error: BaseException) -> str:
    """The message in one line, without what Keras wraps around it: the call, the arguments, colours."""
    text = STYLES.sub("", str(error))
    while (wrapped := WRAPPER.match(text.strip())) is not None:
        text = wrapped[2]
    return " ".join(text.split())


def where(trace: TracebackType | None) -> tuple[str | None, int | None]:
    """The deepest frame that is the user's: their project's, else that of an installed package that is no framework."""
    own: tuple[str | None, int | None] = (None, None)
    installed = own
    while trace is not None:
        file, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
        if file.startswith((OURS, "<")) or any(name in file for name in FRAMEWORKS):
            continue
        if "site-packages" in file:
            installed = file, line
        elif not file.startswith(LIBRARY):
            own = file, line
    return own if own[0] else installed


def shown(file: str) -> str:
    """A file's path from the current folder where it lies below it."""
    below = os.path.relpath(file)
    return file if below.startswith(os.pardir) else below


def advice(error: BaseException) -> str | None:
    """What to do about errors that many meet."""
    text = str(error)
    never_called = (
        re.search(r"<(?:Layer|Dense|\w+)[^>]*?name=([\w./-]+)[^>]*>", text) if "KerasTensor" in text else None
    )
    if never_called and "outputs" in text:
        name = never_called[1]
        return f"the layer {name!r} was never called: pass what it returns, {name}(x), and not the layer itself"
    if isinstance(error, SyntaxError) and "outside function" in (error.msg or ""):
        return "indent the statement into the function it belongs to"
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"install {error.name.partition('.')[0]!r}, or run kinspect where it is installed"
    return None
