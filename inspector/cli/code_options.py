"""The argument MODEL and the options for models in code, as one decorator, and what their values are read as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from ..errors import UsageError

OPEN = ("None", "?", "-1")

Command = TypeVar("Command", bound=Callable[..., Any])


def takes_model(command: Command) -> Command:
    """The argument MODEL and the options for models in code. `read_model` takes them as the command gets them."""
    for decorate in reversed(PARAMETERS):
        command = decorate(command)
    return command


def without(command: click.Command, *names: str) -> None:
    """Take parameters of `takes_model` back that mean nothing to a command."""
    command.params = [param for param in command.params if param.name not in names]


def join_inputs(shapes: Sequence[Any], dtypes: Sequence[Any]) -> tuple[dict[str, Any], ...]:
    """Shapes with their dtypes: by name, or in turn; a dtype that stands alone is for all shapes."""
    if not shapes:
        if dtypes:
            raise UsageError("--input-dtype goes with --input-shape")
        return ()
    named = {name: dtype for name, dtype in dtypes if name}
    unnamed = [dtype for name, dtype in dtypes if not name]
    strangers = sorted(set(named) - {name for name, _ in shapes})
    if strangers:
        raise UsageError(f"--input-dtype {strangers[0]}: no --input-shape has that name")
    if len(unnamed) > len(shapes):
        raise UsageError(f"--input-dtype is given {len(unnamed)} times, and --input-shape {len(shapes)} times")
    if len(unnamed) == 1:
        unnamed *= len(shapes)
    unnamed += [None] * (len(shapes) - len(unnamed))
    return tuple(
        {"name": name, "shape": shape, "dtype": named.get(name, dtype)}
        for (name, shape), dtype in zip(shapes, unnamed, strict=True)
    )


def read_arguments(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, Any]]:
    """``key=value`` with a Python literal as value; what is none is a text, unless it was meant to be one."""
    found = []
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise click.BadParameter(f"{text!r} is not NAME=VALUE", ctx, param)
        found.append((key, read_literal(ctx, param, value)))
    return found


def read_literal(ctx: click.Context, param: click.Parameter, text: str) -> Any:
    from ast import literal_eval

    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        if text.startswith(("[", "(", "{", "'", '"')):
            raise click.BadParameter(f"{text!r} is not a Python literal", ctx, param) from None
        return text
    return value


def read_shapes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> list[tuple[str | None, Any]]:
    """``1,28,28,1`` or ``name=1,28,28,1``: (name, dimensions), an open one as ``None``."""
    found = []
    for text in values:
        name, equals, dims = text.rpartition("=")
        found.append((name if equals else None, [read_dimension(ctx, param, dim, text) for dim in split_shape(dims)]))
        if equals and not all(part.strip() for part in name.split(".")):
            raise click.BadParameter(f"{text!r} has no name before '='", ctx, param)
    return found


def split_shape(text: str) -> list[str]:
    inside = text.strip().strip("()[]").strip().removesuffix(",")
    return [dim.strip() for dim in inside.split(",")] if inside else []


def read_dimension(ctx: click.Context, param: click.Parameter, dim: str, text: str) -> int | None:
    if dim in OPEN:
        return None
    if not dim.isdecimal() or len(dim) > 12:
        raise click.BadParameter(f"{text!r}: {dim!r} is no dimension; one that is open is written '?'", ctx, param)
    return int(dim)


def read_dtypes(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> list[tuple[str | None, str]]:
    """``int32`` or ``name=int32``."""
    found = []
    for text in values:
        from ..knowledge import DTYPE_BYTES

        name, equals, dtype = text.rpartition("=")
        if dtype not in (*DTYPE_BYTES, "string"):
            raise click.BadParameter(f"{dtype!r} is no dtype of Keras", ctx, param)
        found.append((name if equals else None, dtype))
    return found


PARAMETERS = (
    click.argument("model", required=False, type=click.Path(readable=False)),
    click.option("--arg", multiple=True, metavar="NAME=VALUE", callback=read_arguments,
                 help="An argument of the factory or class: a Python literal, or a bare word."),
    click.option("--input-shape", multiple=True, metavar="[NAME=]DIMS", callback=read_shapes,
                 help="The shape of an input with its batch, as in 1,28,28,1; '?' is open."),
    click.option("--input-dtype", multiple=True, metavar="[NAME=]DTYPE", callback=read_dtypes,
                 help="The dtype of an input."),
    click.option("--custom", multiple=True, metavar="FILE.py|MODULE", help="Code that defines custom classes."),
    click.option("--live", is_flag=True, help="Open a file with Keras, in a process of its own."),
    click.option("--expand", is_flag=True, help="Open layers that are made of layers, in code."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="How long a model's code may run [600]."),
)  # fmt: skip
