"""Expressions of a `call` that is read and not run: the kind of each, and the functions that are called in it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

import keras

from .functions import (
    Function,
    attribute,
    dotted,
    function_of,
    gives_tensor,
    is_kerass,
    is_of_backend,
    is_random,
    item,
    method_of,
)
from .reasons import reason_at
from .records import Reason
from .recursions import Recursive
from .source import Place
from .syntax import (
    ABOUT,
    DATA,
    NUMBERS,
    OF_SHAPE,
    OUT_OF_GRAPH,
    SETTLED,
    STATIC,
    TENSOR,
    bind,
    bound_arguments,
    looped,
)

READ = "read in the source, not run"


@dataclass
class Frame:
    """A function being read: the kinds of its names, and the object that `self` is."""

    function: Function
    self_name: str | None
    self_object: Any
    kinds: dict[str, int]
    imported: dict[str, str] = field(default_factory=dict)
    local: dict[str, Function] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    returned: int = STATIC
    computes: bool = False
    calls_itself: list[Recursive] = field(default_factory=list)


class Expressions:
    """Reads expressions in the innermost frame."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, int], Reason] = {}
        self.frames: list[Frame] = []

    def read(self, function: Function, obj: Any, kinds: dict[str, int], outer: Frame | None = None) -> int:
        """Reads a function called with arguments of these kinds; the kind of what it returns."""
        raise NotImplementedError

    def note(self, code: str, message: str, line: int, frame: Frame | None = None) -> None:
        function = (frame or self.frames[-1]).function
        place = Place(function.file, line, function.title)
        self.found.setdefault((code, place.file, line), reason_at(code, f"{message} ({READ})", place))

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    def test(self, node: ast.expr, what: str, line: int, *, loop: bool = False) -> None:
        if self.truth(node) == TENSOR:
            verb, code = ("loops", "data-dependent-loop") if loop else ("decides", "data-dependent-branch")
            self.note(code, f"{what} {verb} on the value of a tensor", line)

    def truth(self, node: ast.expr) -> int:
        """The kind of a test, of which each operand of `and`, `or` and `not` is one as well."""
        if isinstance(node, ast.BoolOp):
            over = isinstance(node.op, ast.Or)  # an operand that settles the outcome
            if any(self.settled(value) is over for value in node.values):
                return STATIC
            return max(self.truth(value) for value in node.values)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return self.truth(node.operand)
        return self.kind(node)

    def settled(self, node: ast.expr) -> bool | None:
        """The outcome of a test on a setting of the layer, which stands on the live object."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            outcome = self.settled(node.operand)
            return None if outcome is None else not outcome
        value = self.live(node)
        return value if isinstance(value, bool) else None

    def loop_over(self, target: ast.expr, node: ast.expr) -> None:
        """Gives the loop's names their kinds, or the first of the layer's own objects that they run over."""
        bind(target, node, self.kind(node), self.frame.kinds, self.kind)
        for name, over in looped(target, node):
            self.frame.objects[name] = item(self.live(over), None)
        ranged = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range"
        if ranged and self.kind(node) == TENSOR:
            self.note("data-dependent-loop", "a for runs as often as the value of a tensor says", node.lineno)

    def kind(self, node: ast.expr) -> int:
        """Reads an expression, with the functions called in it."""
        if isinstance(node, ast.Name):
            return self.frame.kinds.get(node.id, STATIC)
        if isinstance(node, ast.Call):
            return self.call(node)
        if isinstance(node, ast.Attribute):
            return self.attribute(node)
        if isinstance(node, ast.Compare):
            kinds = [self.kind(part) for part in (node.left, *node.comparators)]
            named = any(isinstance(part, ast.Constant) and isinstance(part.value, str | None)
                        for part in (node.left, *node.comparators))  # fmt: skip
            inert = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
            return STATIC if named or isinstance(node.ops[0], inert) else max(kinds)
        if isinstance(node, ast.IfExp):
            self.test(node.test, "a conditional expression", node.test.lineno)
            return max(self.kind(node.body), self.kind(node.orelse))
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self.comprehension(node)
        if isinstance(node, ast.Subscript):
            self.kind(node.slice)
            return self.kind(node.value)
        if isinstance(node, ast.NamedExpr):
            self.frame.kinds[node.target.id] = self.kind(node.value)
            return self.frame.kinds[node.target.id]
        if isinstance(node, ast.Lambda | ast.JoinedStr):
            return STATIC
        return max(
            (self.kind(child) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)), default=STATIC
        )

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> int:
        for part in node.generators:
            self.loop_over(part.target, part.iter)
            for condition in part.ifs:
                self.test(condition, "a comprehension", condition.lineno)
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return max(self.kind(part) for part in made)

    def attribute(self, node: ast.Attribute) -> int:
        value = self.live(node)
        if value is not None:
            return DATA if isinstance(value, keras.Variable) else STATIC
        owner = self.live(node.value)
        if owner is not None:
            found, cls = method_of(owner, node.attr)
            getter = function_of(found.fget, cls) if isinstance(found, property) else None
            return self.enter(getter, owner, {}) if getter else STATIC
        return STATIC if node.attr in OF_SHAPE else self.kind(node.value)

    def live(self, node: ast.expr) -> Any:
        """The object that `self.a[0].b` is, where all of it stands on the live object as plain attributes."""
        if isinstance(node, ast.Name):
            mine = node.id == self.frame.self_name
            return self.frame.self_object if mine else self.frame.objects.get(node.id)
        if isinstance(node, ast.Attribute):
            return attribute(self.live(node.value), node.attr)
        if isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else None
            return item(self.live(node.value), key)
        return None

    def call(self, node: ast.Call) -> int:
        given = [self.kind(argument) for argument in (*node.args, *(k.value for k in node.keywords))]
        most = max(given, default=STATIC)
        func = node.func
        if isinstance(func, ast.Name) and func.id in self.frame.local:
            function = self.frame.local[func.id]
            return self.enter(function, None, self.arguments(function, node), node, outer=self.frame)
        target = self.live(func)
        if isinstance(target, keras.Layer):
            return self.call_layer(target, node)
        name = dotted(func, self.frame.function.names, self.frame.imported)
        if name is not None and is_of_backend(name):
            self.frame.computes |= gives_tensor(name)
            return TENSOR if gives_tensor(name) and (most > STATIC or is_random(name)) else STATIC
        found, obj = self.function_called(func)
        if found is not None:
            return self.enter(found, obj, self.arguments(found, node, bound=obj is not None), node)
        if isinstance(func, ast.Name):
            return most if func.id in NUMBERS else STATIC if func.id in ABOUT else min(most, DATA)
        if isinstance(func, ast.Attribute) and name is None and self.live(func.value) is None:
            kind = STATIC if _is_super(func.value) else self.kind(func.value)
            if kind > STATIC and func.attr in OUT_OF_GRAPH:
                return TENSOR
            return STATIC if func.attr in SETTLED else kind
        return most if name is not None and name.startswith("math.") else min(most, DATA)

    def call_layer(self, layer: Any, node: ast.Call) -> int:
        """A layer of Keras gives tensors; what one of the user's gives is for the reading of that part to say."""
        self.frame.computes = True
        if any(layer is frame.self_object for frame in self.frames):
            raw, owner = method_of(layer, "call")
            function = function_of(raw, owner)
            if function is not None:
                return self.enter(function, layer, self.arguments(function, node, bound=True), node)
        return TENSOR if is_kerass(layer) else DATA

    def function_called(self, func: ast.expr) -> tuple[Function | None, Any]:
        """The user's function that is called, and the object it is bound to."""
        if isinstance(func, ast.Name):
            return function_of(self.frame.function.names.get(func.id)), None
        if not isinstance(func, ast.Attribute):
            return None, None
        if _is_super(func.value):
            raw, owner = method_of(self.frame.self_object, func.attr, after=self.frame.function.owner)
            return function_of(raw, owner), self.frame.self_object
        obj = self.live(func.value)
        if obj is not None:
            on_itself = attribute(obj, func.attr)
            if on_itself is not None:
                return function_of(on_itself), None
            raw, owner = method_of(obj, func.attr)
            free = isinstance(raw, staticmethod)
            return function_of(raw, None if free else owner), None if free else obj
        if isinstance(func.value, ast.Name):
            module = self.frame.function.names.get(func.value.id)
            return function_of(attribute(module, func.attr)) if module is not None else None, None
        return None, None

    def arguments(self, function: Function, node: ast.Call, bound: bool = False) -> dict[str, int]:
        return bound_arguments(function.node, node, bound, self.kind)

    def enter(
        self,
        function: Function,
        obj: Any,
        kinds: dict[str, int],
        node: ast.Call | None = None,
        outer: Frame | None = None,
    ) -> int:
        """Reads a function that is called; one that is being read already is recursion."""
        for frame in self.frames:
            if frame.function.node is function.node and frame.self_object is (
                obj if outer is None else frame.self_object
            ):
                if node is not None:
                    here = frame if frame is self.frame else None
                    frame.calls_itself.append(Recursive(node, here is not None))
                return DATA
        return self.read(function, obj, kinds, outer)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
