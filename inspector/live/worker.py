"""The process that runs Keras and the user's code: a request as JSON on stdin, messages as JSON lines on stdout.

    python -m inspector.live.worker < request.json

Whatever the user's code or Keras prints goes to stderr, so that the messages stay whole. Messages are
``{"progress": text}``, then one ``{"result": document}`` or ``{"error": text, "hint": text}``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from ..errors import KinspectError

Say = Callable[[str], None]


def main() -> int:
    """Serve one request; the exit code is 0 whenever an answer was given."""
    request = json.load(sys.stdin)
    channel = take_stdout()

    def say(text: str) -> None:
        send(channel, {"progress": text})

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        send(channel, {"result": serve(request, say)})
    except KinspectError as error:
        send(channel, {"error": error.message, "hint": error.hint, "kind": type(error).__name__})
    return 0


def take_stdout() -> TextIO:
    """Keep the real stdout for messages and let every print, of C code too, go to stderr."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return channel


def send(channel: TextIO, message: Mapping[str, Any]) -> None:
    channel.write(json.dumps(message, default=repr) + "\n")
    channel.flush()


def serve(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Import Keras, then the user's code, then do what the request's task says."""
    say("starting Keras")
    import_keras()
    from . import tasks

    task = tasks.TASKS.get(request.get("task", "capture"))
    if task is None:
        raise KinspectError(f"there is no task {request.get('task')!r}")
    return task(request, say)


def import_keras() -> None:
    try:
        import keras  # noqa: F401
    except ImportError as error:
        raise KinspectError(
            f"models in code need Keras, and it cannot be imported here: {error}",
            hint="pip install 'kinspect[tensorflow]'",
        ) from None


if __name__ == "__main__":
    sys.exit(main())
