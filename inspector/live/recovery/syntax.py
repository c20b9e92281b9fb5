"""The kinds of expressions in a `call` that is read, and how arguments and targets get them."""

from __future__ import annotations

import ast
from collections.abc import Callable

STATIC, DATA, TENSOR = 0, 1, 2

# attributes of a tensor that are known without its values
OF_SHAPE = frozenset({"shape", "dtype", "ndim", "rank", "name", "sparse", "device", "_keras_mask"})
# methods that take a tensor's values out of the graph
OUT_OF_GRAPH = frozenset({"numpy", "item", "tolist"})
# methods whose result says nothing about values
SETTLED = frozenset({"get_shape", "set_shape", "keys", "startswith", "endswith", "dim", "is_floating_point", "append"})
# built-in functions that hand on the kind of what they are given
NUMBERS = frozenset({
    "float", "int", "bool", "abs", "min", "max", "sum", "round", "any", "all", "list", "tuple", "zip", "enumerate",
    "reversed", "sorted", "range", "dict", "iter", "next", "map", "filter", "pow", "divmod",
})  # fmt: skip
# those whose result says nothing about values
ABOUT = frozenset({
    "isinstance", "issubclass", "len", "hasattr", "getattr", "callable", "type", "id", "str", "repr", "set", "print",
    "super",
})  # fmt: skip
_NOT_DATA = frozenset({"training", "self"})

Kind = Callable[[ast.expr], int]


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, skip_self: bool = False) -> dict[str, int]:
    """The parameters of a `call`: data, but for `training` and those whose default is a setting."""
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    pairs = [*zip(positional, defaults, strict=True), *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
    kinds = {arg.arg: STATIC if _is_setting(default) or arg.arg in _NOT_DATA else DATA for arg, default in pairs}
    if skip_self and positional:
        kinds[positional[0].arg] = STATIC
    variadic = [arg.arg for arg in (node.args.vararg, node.args.kwarg) if arg]
    return kinds | dict.fromkeys(variadic, DATA)


def _is_setting(default: ast.expr | None) -> bool:
    return default is not None and not (isinstance(default, ast.Constant) and default.value is None)


def bound_arguments(
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, call: ast.Call, bound: bool, kind: Kind
) -> dict[str, int]:
    """The kinds of a function's parameters in a call; those not given are at their defaults, and static."""
    names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)][1 if bound else 0 :]
    every = [*names, *(arg.arg for arg in function.args.kwonlyargs)]
    kinds = dict.fromkeys(every, STATIC)
    extra = [arg.arg for arg in (function.args.vararg, function.args.kwarg) if arg]
    kinds.update(dict.fromkeys(extra, max((kind(a) for a in call.args), default=STATIC)))
    for name, argument in zip(names, call.args, strict=False):
        if isinstance(argument, ast.Starred):
            kinds.update(dict.fromkeys(names[names.index(name) :], kind(argument.value)))
            break
        kinds[name] = kind(argument)
    for keyword in call.keywords:
        if keyword.arg in kinds:
            kinds[keyword.arg] = kind(keyword.value)
    return kinds


def bind(target: ast.expr, value: ast.expr | None, whole: int, kinds: dict[str, int], kind: Kind) -> None:
    """Gives the names of a target their kinds, item by item where both sides are written out."""
    if isinstance(target, ast.Name):
        kinds[target.id] = whole
    elif isinstance(target, ast.Starred):
        bind(target.value, None, whole, kinds, kind)
    elif isinstance(target, ast.Tuple | ast.List):
        items = value.elts if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts) else None
        if items is None:
            items = _pieces(value, target)
        for index, part in enumerate(target.elts):
            item = items[index] if items else None
            bind(part, item, kind(item) if item is not None else whole, kinds, kind)


def _pieces(value: ast.expr | None, target: ast.Tuple | ast.List) -> list[ast.expr] | None:
    """What `zip` and `enumerate` hand to each name of a loop; an enumerated number is no data."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return None
    if value.func.id == "enumerate" and len(target.elts) == 2 and value.args:
        return [ast.copy_location(ast.Constant(0), value), value.args[0]]
    if value.func.id == "zip" and len(value.args) == len(target.elts):
        return list(value.args)
    return None


def looped(target: ast.expr, over: ast.expr) -> list[tuple[str, ast.expr]]:
    """Each name of a loop with the expression it runs over."""
    if isinstance(target, ast.Name):
        return [(target.id, over)]
    items = _pieces(over, target) if isinstance(target, ast.Tuple | ast.List) else None
    pairs = zip(target.elts, items, strict=True) if items and isinstance(target, ast.Tuple | ast.List) else ()
    return [(part.id, item) for part, item in pairs if isinstance(part, ast.Name)]
