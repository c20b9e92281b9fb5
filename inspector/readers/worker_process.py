"""The process that runs Keras, seen from the side that asks: one request, progress, one answer, nothing left behind.

The worker leads a process group of its own, so that what the user's code started goes with it. It ends by itself
when this process does: it sees its standard input close.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import IO, Any

from .. import errors

Say = Callable[[str], None]
ROOT = Path(__file__).resolve().parents[2]
# Not `-m`: that would put the current folder first, and a file of the user's could stand for one of Python's.
START = (
    "import sys; sys.path.insert(0, {root!r}); from inspector.live.worker import main; "
    "sys.path.remove({root!r}) if {alien!r} else None; sys.exit(main())"
)
LOGGED = re.compile(r"[IWE]\d{4,}[ .]")  # a line of TensorFlow's own log


class WorkerTraceback(Exception):
    """The traceback of an error in the worker, shown as the cause of the error here."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"


def ask_worker(request: Mapping[str, Any], time_limit: float, say: Say | None = None) -> dict[str, Any]:
    """Run one request in a worker process; its prints are kept apart, its progress goes to ``say``.

    Raises `KinspectError` with what the worker says, or with how it ended where it says nothing.
    """
    with tempfile.TemporaryFile() as log:
        worker = Worker(str(request.get("file") or request.get("target")), log, time_limit)
        try:
            return worker.converse(json.dumps(request).encode(), say)
        finally:
            worker.stop()


class Worker:
    """A running worker, and the thread that stops it at its time limit and ends what it leaves behind."""

    def __init__(self, name: str, log: IO[bytes], time_limit: float) -> None:
        self.name, self.log, self.time_limit, self.late = name, log, time_limit, False
        root = str(ROOT)
        code = START.format(root=root, alien=root not in sys.path)
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", code],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            env={"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ},
        )  # fmt: skip
        self.watch = Thread(target=self.wait, daemon=True)
        self.watch.start()

    def wait(self) -> None:
        try:
            self.process.wait(self.time_limit)
        except subprocess.TimeoutExpired:
            self.late = True
        self.kill()

    def kill(self) -> None:
        """End the worker and all that it started."""
        try:
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        except (ProcessLookupError, PermissionError):
            pass

    def stop(self) -> None:
        self.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass

    def converse(self, request: bytes, say: Say | None) -> dict[str, Any]:
        """Send the request and read messages until the answer. The input stays open: it is the worker's lifeline."""
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(request + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it died at once; the log says why
        doing = ""
        for line in self.process.stdout:
            message = json.loads(line)
            if "result" in message:
                return dict(message["result"])
            if "error" in message:
                raise error_from(message)
            doing = message.get("progress", "")
            if say:
                say(doing)
        raise self.died(doing)

    def died(self, doing: str) -> errors.KinspectError:
        """The worker has gone without an answer: why, and what it was doing."""
        if self.late:
            what = f"{self.name}: it ran longer than {self.time_limit:g} s and was stopped, {doing or 'starting'}"
            return errors.KinspectError(what, hint="give it more time with --timeout SECONDS")
        code = self.process.wait()
        how = f"by signal {signal_name(-code)}" if code < 0 else f"with exit code {code}"
        what = f"{self.name}: the process that runs it ended {how}, {doing or 'starting'}{self.last_words()}"
        return errors.KinspectError(what)

    def last_words(self) -> str:
        self.log.seek(0, 2)
        self.log.seek(max(0, self.log.tell() - 2000))
        lines = [line.strip() for line in self.log.read().decode(errors="replace").splitlines()]
        lines = [line for line in lines if line and not LOGGED.match(line)]
        return f"; its last line: {lines[-1][:300]}" if lines else ""


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def error_from(message: Mapping[str, Any]) -> errors.KinspectError:
    """The worker's error as one of ours, its traceback as the cause."""
    kind = getattr(errors, str(message.get("kind")), errors.KinspectError)
    error: errors.KinspectError = kind(message["error"], hint=message.get("hint"))
    if message.get("traceback"):
        error.__cause__ = WorkerTraceback(message["traceback"])
    return error
