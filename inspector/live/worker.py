"""The process that runs Keras and the user's code: a request as one line of JSON in, messages as lines of JSON out.

Whatever the user's code or Keras prints goes to stderr, so that the messages stay whole. Messages are
``{"progress": text}``, then one ``{"result": document}`` or ``{"error": text, "hint": text}``. The process ends at
once when its standard input closes: whoever asked is gone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from ..errors import KinspectError

Say = Callable[[str], None]


def main() -> int:
    """Serve one request. The process then ends without taking TensorFlow down piece by piece."""
    lifeline, channel = take_pipes()
    request = json.loads(lifeline.readline())
    threading.Thread(target=end_with, args=(lifeline,), daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    send(channel, answer(request, lambda text: send(channel, {"progress": text})))
    sys.stderr.flush()
    os._exit(0)


def take_pipes() -> tuple[TextIO, TextIO]:
    """Keep stdin and stdout for messages; the user's code reads nothing, and its prints, C code's too, go to stderr."""
    lifeline = os.fdopen(os.dup(0), encoding="utf-8")
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return lifeline, channel


def end_with(lifeline: TextIO) -> None:
    """Wait for the end of the process that asked, and go with it; so does all that the user's code started."""
    lifeline.read()
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def send(channel: TextIO, message: Mapping[str, Any]) -> None:
    channel.write(json.dumps(message, default=repr, skipkeys=True) + "\n")
    channel.flush()


def answer(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """The message that ends the conversation: a result, or an error with its traceback."""
    try:
        return {"result": serve(request, say)}
    except KinspectError as error:
        cause = error.__cause__ or error
        told = "".join(traceback.format_exception(cause))
        return {"error": error.message, "hint": error.hint, "kind": type(error).__name__, "traceback": told}


def serve(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Look for the user's code, import Keras, then do what the request's task says."""
    from .target import check_place

    for place in (request.get("target"), *request.get("custom", ())):
        if place:
            check_place(place)
    say("starting Keras")
    import_keras()
    from . import tasks

    return tasks.TASKS[request.get("task", "capture")](request, say)


def import_keras() -> None:
    """Import Keras 3, or say what stands in the way: no Keras, an old one, a backend that is not there."""
    try:
        import keras
    except Exception as error:
        text = " ".join(str(error).split()) or type(error).__name__
        hint = "pip install 'kinspect[tensorflow]'" if isinstance(error, ImportError) else None
        raise KinspectError(f"this needs Keras, and it cannot be imported: {text}", hint=hint) from error
    version = tuple(int(part) for part in keras.__version__.split(".")[:2])
    if version < (3, 6):
        raise KinspectError(
            f"this needs Keras 3.6 or later, and here is {keras.__version__}",
            hint="pip install --upgrade keras",
        )
