"""The command line for tests of commands; some of them have a `kinspect` of their own, in another folder."""

import pytest

from inspector.cli.output import run


@pytest.fixture
def kinspect(tmp_path, capfd, monkeypatch):
    """Run the command line in this process, in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call
