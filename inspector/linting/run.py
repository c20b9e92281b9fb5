"""Ask every rule of one file. Whatever a file does to a rule, the others are asked, and the run goes on."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from ..errors import KinspectError
from .case import Case
from .options import Options
from .rule import Finding, Rule

if TYPE_CHECKING:
    from ..graph import Model

BYTES_A_SECOND = 100 << 20  # a large file may take longer
NOT_READ = ("KS690", "not-fully-read")
FIRST = "KS6"  # safety: whatever comes after may take all the time there is
LAST = ("KS690", "KS691", "KS707")  # these tell what no other rule has told
WAITING = 3  # times as long by the clock as by the processor, on a machine that has other work to do
SEVERITY = {"error": 0, "warning": 1, "info": 2}


class OutOfTime(BaseException):
    """A file took longer than it may; no `Exception`, so that nothing on the way takes it for its own."""


def check_file(path: str, rules: Sequence[Rule], options: Options | None = None) -> list[Finding]:
    """Everything that the rules have to say of a file or folder, in the order of rules and layers."""
    return check_case(Case(path, options), rules)


def check_model(model: Model, rules: Sequence[Rule], options: Options | None = None) -> list[Finding]:
    """The same of a model that was read already, a live one too."""
    return check_case(Case(model.source, options, model), rules)


def check_case(case: Case, rules: Sequence[Rule]) -> list[Finding]:
    findings = case.told
    try:
        with time_limit(case):
            for rule in sorted(rules, key=turn_of):
                findings += ask(rule, case)
    except OutOfTime:
        findings.append(unread(f"checking it took longer than {seconds_for(case):.0f} s, so not every rule was asked"))
    except (MemoryError, RecursionError) as error:
        findings.append(unread(f"checking it takes more than there is: {type(error).__name__}"))
    return [complete(finding, case) for finding in findings]


def turn_of(rule: Rule) -> int:
    return 2 if rule.code in LAST else 0 if rule.code.startswith(FIRST) else 1


def ask(rule: Rule, case: Case) -> list[Finding]:
    """What one rule finds. A rule that fails says so in a finding of its own, and is no reason to stop."""
    found: list[Finding] = []
    try:
        if all(case.has(need) for need in rule.needs):
            found.extend(rule.check(case))
    except KinspectError as error:
        case.problems.setdefault(rule.code, error)
    except (OutOfTime, MemoryError, RecursionError):
        raise
    except Exception as error:
        if case.options.debug:
            raise
        what = f"{type(error).__name__}: {error}"[:200]
        found.append(unread(f"the rule {rule.code} ({rule.name}) could not be asked: {what}"))
    return found


def unread(message: str) -> Finding:
    hint = "check it alone, and report this to the developers of kinspect if it stays"
    return Finding(*NOT_READ, "error", message, hint)


def complete(finding: Finding, case: Case) -> Finding:
    pointer = finding.pointer
    if pointer is None and finding.layer is not None:
        pointer = case.pointer_to(finding.layer)
    return finding._replace(file=case.path, pointer=pointer)


def seconds_for(case: Case) -> float:
    try:
        size = case.place.stat().st_size if case.place.is_file() else 0
    except OSError:
        size = 0
    return case.options.seconds + size / BYTES_A_SECOND


@contextmanager
def time_limit(case: Case) -> Iterator[None]:
    """Stop what takes too much of the processor, or waits, where there is a way to: in a Unix process's main thread."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise OutOfTime

    seconds = seconds_for(case)
    timers = ((signal.SIGPROF, signal.ITIMER_PROF, seconds), (signal.SIGALRM, signal.ITIMER_REAL, WAITING * seconds))
    before = [(number, signal.signal(number, stop)) for number, _, _ in timers]
    for _, timer, limit in timers:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for _, timer, _ in timers:
            signal.setitimer(timer, 0)
        for number, handler in before:
            signal.signal(number, handler)


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """By file, then the gravest first, then by code and layer."""
    return sorted(findings, key=lambda f: (f.file, SEVERITY[f.severity], f.code, f.layer or "", f.pointer or ""))


__all__ = ["OutOfTime", "check_case", "check_file", "check_model", "in_order"]
