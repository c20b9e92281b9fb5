"""How rules are asked: a rule that fails, waits or never ends stops nothing."""

import signal
import threading

import pytest

from inspector.linting.options import Options
from inspector.linting.rule import Rule
from inspector.linting.run import check_file


class Fails(Rule):
    """A rule that is broken."""

    code, name, severity, needs = "KS199", "fails", "error", ("file",)

    def check(self, case):
        raise ZeroDivisionError("by design")


class Speaks(Rule):
    """A rule that always speaks."""

    code, name, severity, needs = "KS198", "speaks", "info", ("file",)

    def check(self, case):
        yield self.finding("here")


class Safety(Speaks):
    """A rule on safety, which is asked first."""

    code, name = "KS699", "speaks-first"


class Works(Speaks):
    """A rule that computes without end."""

    code, name = "KS200", "works"

    def check(self, case):
        while True:
            pass


class Waits(Works):
    """A rule that waits without end."""

    def check(self, case):
        threading.Event().wait()


def codes(rules, **options):
    return [finding.code for finding in check_file("nothing.keras", rules, Options(**options))]


def test_a_rule_that_fails_is_told_and_the_others_are_asked():
    assert codes([Fails(), Speaks()]) == ["KS690", "KS198"]
    with pytest.raises(ZeroDivisionError):
        codes([Fails()], debug=True)


def test_safety_is_asked_first():
    assert codes([Speaks(), Safety()]) == ["KS699", "KS198"]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
@pytest.mark.parametrize("rule", [Works(), Waits()])
def test_what_never_ends_is_stopped_and_told(rule):
    before = signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)
    found = check_file("nothing.keras", [Speaks(), rule], Options(seconds=0.05))
    assert [finding.code for finding in found] == ["KS198", "KS690"] and "longer than" in found[1].message
    assert (signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGPROF)) == before
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
