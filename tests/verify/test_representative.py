"""One model that comes back and one that does not; the sweep over all situations is slow."""

from pathlib import Path

from inspector.readers.source_code import CodeRequest
from inspector.verify.session import Plan, verify

LAYERS = Path(__file__).resolve().parents[2] / "fixtures" / "models" / "custom_layers.py"


def test_a_registered_layer_comes_back():
    checks = verify(Plan(f"{LAYERS}:registered_dense", CodeRequest()))[1]
    assert not [check for check in checks if check.status == "lost"]
    assert {"weights", "outputs", "config", "second-round-trip"} <= {c.name for c in checks if c.status == "kept"}


def test_a_layer_without_get_config_does_not():
    checks = verify(Plan(f"{LAYERS}:plain_custom_dense", CodeRequest()))[1]
    lost = {check.name: check for check in checks if check.status == "lost"}
    assert lost.keys() == {"constructor", "load"}
    assert all('"units": self.units' in check.hint for check in lost.values())
