"""Every example of every layer's knowledge, against real Keras."""

from __future__ import annotations

import pytest

from inspector.layers import FAMILIES, all_knowledge

from .oracle import check

CASES = [
    pytest.param(example, id=f"{knowledge.__module__.rpartition('.')[2]}-{example.kind}-{index}")
    for knowledge in dict.fromkeys(all_knowledge().values())
    if knowledge.__module__.rpartition(".")[2] in FAMILIES
    for index, example in enumerate(knowledge.examples)
]


@pytest.mark.parametrize("example", CASES)
def test_example_agrees_with_keras(example):
    check(example)
