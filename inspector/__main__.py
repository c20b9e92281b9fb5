"""``python -m inspector`` and the script ``kinspect``."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
import threading
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and leave with its exit code."""
    gc.disable()  # a short process that builds few cycles: collecting costs it a tenth of its time
    from .cli.output import run

    leave(run())


def leave(code: int) -> NoReturn:
    """End the process without taking its objects apart one by one, which would take a tenth of its time again.

    What was to be done at the end is done: registered functions, and all output written. A thread that still runs,
    a debugger or an interactive session gets Python's own end.
    """
    if threading.active_count() > 1 or sys.gettrace() or sys.getprofile() or sys.flags.interactive:
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):  # none, gone or closed: `run` has told
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
