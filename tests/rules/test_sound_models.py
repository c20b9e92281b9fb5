"""No rule says more than `info` of a sound model: models of many kinds, each made to provoke one, and every fixture."""

import importlib
import inspect
import pkgutil

import pytest

from inspector.linting.run import check_file
from inspector.rules import load_rules

from . import sound

RULES = load_rules()
BUILDERS = [
    pytest.param(module.name, name, id=f"{module.name}-{name}")
    for module in pkgutil.iter_modules(sound.__path__)
    for name, function in vars(importlib.import_module(f"{sound.__name__}.{module.name}")).items()
    if inspect.isfunction(function)
    and function.__module__.endswith(module.name)
    and not inspect.signature(function).parameters
]


def told(path):
    """Findings above info, in words."""
    return [f"{f.code} {f.layer}: {f.message}" for f in check_file(str(path), RULES) if f.severity != "info"]


@pytest.mark.parametrize(("module", "name"), BUILDERS)
def test_nothing_is_said_of_a_sound_model(module, name, tmp_path):
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(3)
    model = getattr(importlib.import_module(f"{sound.__name__}.{module}"), name)()
    model.save(tmp_path / "model.keras")
    assert told(tmp_path / "model.keras") == []


def test_there_are_enough_of_them():
    assert len(BUILDERS) >= 60
