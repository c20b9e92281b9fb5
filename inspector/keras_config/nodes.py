"""The calls of a layer (Keras: its inbound nodes) in the dialects of Keras 1, 2 and 3."""

from __future__ import annotations

from typing import Any

from ..errors import UnreadableModel
from ..graph import Call, Spec, TensorRef
from .values import decode_legacy, decode_value, is_history


def decode_calls(nodes: Any, name: str, stated: dict[TensorRef, Spec]) -> tuple[Call, ...]:
    """The calls that a layer's ``inbound_nodes`` state; shapes stated on the way are taken down in ``stated``."""
    if nodes is None:
        return ()
    if not isinstance(nodes, list):
        raise UnreadableModel(f"layer {name!r}: 'inbound_nodes' is not a list")
    return tuple(decode_call(node, name, stated) for node in nodes)


def decode_call(node: Any, name: str, stated: dict[TensorRef, Spec]) -> Call:
    """One call: an object with args and kwargs (Keras 3) or nested lists of histories (Keras 1 and 2)."""
    if isinstance(node, dict) and "args" in node:
        args, kwargs = decode_value(node["args"], stated), node.get("kwargs") or {}
        if kwargs:
            kwargs = decode_value(kwargs, stated)
        if not isinstance(args, (list, tuple)) or not isinstance(kwargs, dict):
            raise UnreadableModel(f"layer {name!r}: a call's arguments are not a list and an object")
        return Call(tuple(args), kwargs)
    if isinstance(node, (list, dict)):
        return decode_legacy_call(node)
    raise UnreadableModel(f"layer {name!r}: a call is neither a list nor an object")


def decode_legacy_call(node: Any) -> Call:
    """Keras 2 repeats the keyword arguments behind each tensor of the first argument; Keras 1 has none."""
    histories = [node] if is_history(node) else list(find_histories(node))
    kwargs: dict[str, Any] = {}
    for history in histories:
        if len(history) == 4 and isinstance(history[3], dict):
            kwargs = {key: decode_legacy(value) for key, value in history[3].items()}
            break
    first = decode_legacy(node)
    if isinstance(first, list) and len(first) == 1:
        first = first[0]
    return Call((first,) if histories or first else (), kwargs)


def find_histories(node: Any) -> list[Any]:
    found = []
    stack = [node]
    while stack:
        item = stack.pop()
        if is_history(item):
            found.append(item)
        elif isinstance(item, list):
            stack.extend(reversed(item))
        elif isinstance(item, dict):
            stack.extend(item.values())
    return found


def decode_ends(value: Any) -> Any:
    """``input_layers`` or ``output_layers``: a history, or lists and objects of them, as Keras nests them."""
    if is_history(value):
        return TensorRef(*value[:3])
    if isinstance(value, (list, tuple)):
        return [decode_ends(item) for item in value]
    if isinstance(value, dict):
        return {key: decode_ends(item) for key, item in value.items()}
    raise UnreadableModel("the model's inputs or outputs do not name a layer's call")
