"""Weights in several HDF5 files, with a JSON map that says which file keeps what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..errors import UnreadableModel
from .archive import Range
from .json_config import MAX_BYTES, load_json
from .stores import Store, merge_stores, read_h5_store

MAP = "weight_map"
MAX_SHARDS = 10_000


class Box(Protocol):
    """What the shards stand in: a folder or an archive."""

    @property
    def members(self) -> Mapping[str, Any]: ...

    def read(self, name: str, cap: int) -> bytes: ...

    def locate(self, name: str) -> Range: ...


def read_shards(box: Box, name: str) -> Store:
    """One store of all shards that a map names. Raises `UnreadableModel` where one is missing or elsewhere."""
    stores = []
    for shard in list_shards(load_json(box.read(name, MAX_BYTES), name).value, name):
        if shard not in box.members:
            raise UnreadableModel(f"the shard {shard!r} is missing", hint=f"put it beside {name}")
        stores.append(read_h5_store(box.locate(shard), shard))
    return merge_stores(stores)


def list_shards(content: Mapping[str, Any], name: str) -> list[str]:
    """The shards' file names, once each. A name may not lead out of the folder."""
    weight_map = content.get(MAP)
    if not isinstance(weight_map, dict):
        raise UnreadableModel(f"{name} has no {MAP!r} that says which file keeps what")
    shards: dict[str, None] = {}
    for value in weight_map.values():
        for shard in value if isinstance(value, list) else [value]:
            if not isinstance(shard, str) or not shard or shard in (".", "..") or set(shard) & set("/\\\0:"):
                raise UnreadableModel(f"{name} names a shard outside of its folder: {shard!r:.100}")
            shards[shard] = None
    if len(shards) > MAX_SHARDS:
        raise UnreadableModel(f"{name} names more than {MAX_SHARDS:,} shards")
    return list(shards)
