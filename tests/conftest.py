"""Puts the repository's root on the path, so that tests can import `fixtures`."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


SWEEPS = (
    "live/recovery/test_backends", "live/recovery/test_catalogue", "live/recovery/test_examples",
    "live/recovery/test_left_as_found", "live/recovery/test_lies", "live/recovery/test_odd",
    "live/recovery/test_standalone", "live/test_capture", "live/test_code_command",
    "renderers/test_plot_applications", "surgery/test_cuts", "surgery/test_every_layer",
    "verify/test_no_false_alarm", "cli/test_verify.py", "differential/test_odd_models",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Whole files that run real Keras for minutes are slow; the others hold a representative part of each."""
    for item in items:
        if item.path.as_posix().rpartition("/tests/")[2].startswith(SWEEPS):
            item.add_marker(pytest.mark.slow)
