"""What can go wrong with what the user gave us. Each error is one line and, where there is one, a hint."""

from __future__ import annotations


class KinspectError(Exception):
    """An error the user can act on: ``message`` says what is wrong, ``hint`` what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UnreadableModel(KinspectError):
    """The file is of a kind we know, and broken, or too large to be true."""


class UnknownFormat(KinspectError):
    """The file is not a Keras model, or of a format that has no reader."""


class UsageError(KinspectError):
    """The command line or the call asks for something that cannot be."""


class NotExtractable(KinspectError):
    """The submodel that is asked for cannot be cut out or written, and why."""
