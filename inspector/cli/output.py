"""The only place that prints, exits and catches: global options, stdout, files, colour, errors, exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from .. import __version__
from ..errors import KinspectError, UsageError
from ..renderers.escaping import escape
from .settings import Settings, is_terminal, no_such, style

PLAIN = str.maketrans({"─": "-", "│": "|", "├": "|", "└": "`", "×": "x", "…": "...", "·": "-", "→": "->", "≥": ">="})


class ReaderGone(Exception):
    """Whoever read our output has closed it."""


def print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        write_out(Settings(), f"kinspect {__version__}")
        ctx.exit()


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line: the exit code, every error said in its one line."""
    from . import kinspect

    settings = Settings()
    try:
        code = kinspect.main(arguments, prog_name="kinspect", standalone_mode=False, obj=settings)
        flush()
    except ReaderGone:
        discard_output()
        return 0
    except (KeyboardInterrupt, click.Abort):
        return 130
    except Exception as error:
        if settings.debug:
            import traceback

            traceback.print_exc()
        report(settings, *explain(settings, error))
        return 2
    return code if isinstance(code, int) else 0


def explain(settings: Settings, error: Exception) -> tuple[str, str | None]:
    """An error's line and its hint."""
    subject = f"{settings.subject}: " if settings.subject else ""
    if isinstance(error, KinspectError):
        return f"{'' if isinstance(error, UsageError) else subject}{error.message}", error.hint
    if isinstance(error, click.ClickException):
        return explain_usage(error)
    if isinstance(error, OSError) and (error.filename is not None or error.strerror):
        return f"{subject or f'{error.filename}: '}{(error.strerror or str(error)).lower()}", None
    what = (
        "it takes more memory than there is" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
    )
    again = "" if settings.debug else "run again with --debug and "
    return f"{subject}kinspect failed: {what}", f"{again}please report this to the developers of kinspect"


def explain_usage(error: click.ClickException) -> tuple[str, str | None]:
    ctx = getattr(error, "ctx", None)
    hint = f"see '{ctx.command_path} --help'" if ctx is not None else None
    if isinstance(error, click.NoSuchOption):
        known = [name for param in (ctx.command.params if ctx else ()) for name in param.opts if name.startswith("--")]
        found = no_such("option", error.option_name, known)
        return found.message, found.hint if found.hint and found.hint.startswith("did") else hint
    message = error.format_message().rstrip(".")
    return (message[:1].lower() + message[1:]).replace("\n", " "), hint


def report(settings: Settings, message: str, hint: str | None = None) -> None:
    """An error on stderr: one line, then, where there is one, what to do."""
    for role, text in (("error", message), ("hint", hint)):
        if text:
            line = f"{style(f'{role}:', role)} {escape(text)}"
            click.echo(encodable(line, sys.stderr), err=True, color=settings.coloured(sys.stderr))


def terminal_size() -> tuple[int, int] | None:
    """Columns and lines of the terminal that stdout is; ``None`` where it is none."""
    if not is_terminal(sys.stdout):
        return None
    from shutil import get_terminal_size

    size = get_terminal_size()
    return size.columns, size.lines


def write_out(settings: Settings, text: str | bytes, *, data: bool = False) -> None:
    """Print to stdout. ``data`` goes out in UTF-8 whatever the terminal speaks, bytes as they are; the rest in what it
    can spell."""
    try:
        if isinstance(text, bytes):
            sys.stdout.flush()
            sys.stdout.buffer.write(text)
            sys.stdout.buffer.flush()
        elif data and hasattr(sys.stdout, "buffer"):
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode() + b"\n")
            sys.stdout.buffer.flush()
        else:
            click.echo(encodable(text, sys.stdout), color=settings.coloured(sys.stdout))
    except BrokenPipeError:
        raise ReaderGone from None


def encodable(text: str, stream: Any) -> str:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "backslashreplace").decode(encoding)
    return text


def write_file(path: str, content: str | bytes, *, force: bool) -> None:
    """Write a file whole or not at all, and never over another one without ``force``. A text ends its last line."""
    data = content if isinstance(content, bytes) else f"{content}\n".encode()
    if os.path.exists(path) and not os.path.isfile(path):
        if os.path.isdir(path):
            raise UsageError(f"{path}: is a directory")
        with open(path, "wb") as device:
            device.write(data)
        return
    refusal = UsageError(f"{path}: exists already", hint="add --force to replace it")
    if os.path.lexists(path) and not force:
        raise refusal
    draft = f"{path}.{os.getpid()}.tmp"
    try:
        with open(draft, "xb") as file:
            file.write(data)
        if force:
            os.replace(draft, path)
        else:
            link(draft, path, refusal)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    finally:
        if os.path.lexists(draft):
            os.unlink(draft)


def link(draft: str, path: str, refusal: UsageError) -> None:
    """Put the draft in its place unless another file came first; where links do not exist, at least look."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise refusal from None
    except OSError:
        if os.path.lexists(path):
            raise refusal from None
        os.replace(draft, path)


def flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def discard_output() -> None:
    """Let the interpreter flush into nothing at its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
    os.close(nothing)
