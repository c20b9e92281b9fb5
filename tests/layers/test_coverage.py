"""Every layer that Keras exports is known, under its class's name and under its aliases."""

from __future__ import annotations

import keras
import pytest

from inspector.layers import all_knowledge

NOT_LAYERS = {
    "InputSpec": "a constraint on a layer's input, not a layer",
    "Layer": "abstract: every layer of one's own is below it",
    "Wrapper": "abstract: it wraps a layer and has no call",
}
WITHOUT_EXAMPLES = {
    "FlaxLayer": "it runs Flax, and its inside is unknown",
    "JaxLayer": "it runs JAX, and its inside is unknown",
    "Lambda": "it runs a function of one's own",
    "TFSMLayer": "it runs a SavedModel, and its inside is unknown",
    "TorchModuleWrapper": "it runs PyTorch, and its inside is unknown",
}
EXPORTED = sorted(
    name
    for name in dir(keras.layers)
    if not name.startswith("_") and isinstance(getattr(keras.layers, name), type) and name not in NOT_LAYERS
)


@pytest.mark.parametrize("name", EXPORTED)
def test_exported_class_is_known(name):
    known = all_knowledge()
    assert getattr(keras.layers, name).__name__ in known


@pytest.mark.parametrize("name", [name for name in EXPORTED if getattr(keras.layers, name).__name__ != name])
def test_alias_is_known(name):
    """Keras writes the class's own name, and reads either."""
    assert name in all_knowledge()


def test_every_known_layer_has_examples():
    """One at least for each class that Keras can build; classes of older files are tested against their own oracle."""
    shown = {example.kind for knowledge in all_knowledge().values() for example in knowledge.examples}
    aliases: dict[str, set[str]] = {}
    for name in EXPORTED:
        aliases.setdefault(getattr(keras.layers, name).__name__, set()).add(name)
    assert {own for own, names in aliases.items() if not names & shown} == set(WITHOUT_EXAMPLES)
