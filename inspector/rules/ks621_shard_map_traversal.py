"""KS621 shard-map-traversal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.documents import WEIGHTS
from ..readers.shards import MAP

OUTSIDE = re.compile(r"[/\\\0:]|\.\.?\Z")


class ShardMapTraversal(ContainerRule):
    """A map of shards names a file outside of its folder.

    Weights that are cut into shards come with a JSON file that tells which shard keeps which variable. The shards
    stand beside it; a name with a separator or `..` leads to another folder, whose file would be read as weights.
    Keras writes plain names, and refuses others. Put the shards beside the map, and name them alone.
    """

    code = "KS621"
    name = "shard-map-traversal"
    severity = "error"
    needs = ("documents",)
    flags = (
        Example("Path(path).write_text(json.dumps({'metadata': {}, 'weight_map': "
                "{'/layers/dense/vars': '../../other.weights.h5'}}))", "a name that climbs", "model.weights.json"),
        Example("Path(path).write_text(json.dumps({'metadata': {}, 'weight_map': "
                "{'/a': ['a_00000.weights.h5', '/tmp/b.h5']}}))", "one name among several", "model.weights.json"),
    )  # fmt: skip
    allows = (
        Example("Path(path).write_text(json.dumps({'metadata': {'total_size': 12}, 'weight_map': "
                "{'/layers/dense/vars': 'model_00000.weights.h5', '/b': ['a..b.weights.h5', 'c d.weights.h5']}}))",
                "names beside the map", "model.weights.json"),
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\n"
                "model.save_weights(path, max_shard_size=1)", "shards as Keras writes them", "model.weights.json"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        for document in case.documents:
            weight_map = document.value.get(MAP) if document.role == WEIGHTS else None
            told: set[str] = set()
            for key, value in weight_map.items() if isinstance(weight_map, dict) else ():
                for name in value if isinstance(value, list) else (value,):
                    if isinstance(name, str) and OUTSIDE.search(name) and name not in told:
                        told.add(name)
                        yield self.finding(
                            f"the map of shards names {quoted(name)}, a file outside of its folder",
                            pointer=f"/{MAP}/" + str(key).replace("~", "~0").replace("/", "~1"),
                            hint="put the shard beside the map, and name it without a folder",
                        )
