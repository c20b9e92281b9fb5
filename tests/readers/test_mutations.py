"""Cut, flipped and rewritten copies of every small fixture: an answer or one line, in bounded time."""

import copy
import json
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.catalogue import FILES
from inspector.analyses.facts import find_facts
from inspector.errors import KinspectError
from inspector.readers import read

SMALL = sorted(
    path for path in (*FILES.iterdir(), *(FILES / "old").iterdir())
    if path.is_file() and path.stat().st_size < 60_000 and path.name not in ("oracle.json", "expected.json")
)  # fmt: skip
JUNK = [
    None, True, -1, 0, 2**40, 1.5, "", "x", "../a", "\ud800", [], {}, [None], [1, 2, 3], [[["a", 0, 0]]],
    {"class_name": "Dense"}, {"class_name": "Dense", "config": {}}, {"class_name": 1}, ["a", 0, 0], ["a", 0, -1],
]  # fmt: skip
fuzzed = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def survive(path):
    try:
        model = read(path)
        find_facts(model)
        for weight in model.weights.tensors if model.weights else ():
            if weight.load is not None:
                assert len(weight.load()) == weight.nbytes
    except KinspectError as error:
        assert error.message and "\n" not in error.message


@fuzzed
@given(path=st.sampled_from(SMALL), data=st.data())
def test_cut_copies(path, data, tmp_path):
    content = path.read_bytes()
    (tmp_path / "a").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    survive(tmp_path / "a")


@fuzzed
@given(path=st.sampled_from(SMALL), data=st.data())
def test_flipped_copies(path, data, tmp_path):
    content = bytearray(path.read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(1, 255))
    for at, mask in data.draw(st.lists(places, min_size=1, max_size=12)):
        content[at] ^= mask
    (tmp_path / "a").write_bytes(content)
    survive(tmp_path / "a")


def read_configs():
    for path in SMALL:
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                yield json.loads(archive.read("config.json"))
        elif path.suffix == ".json":
            yield json.loads(path.read_text())


CONFIGS = list(read_configs())


@fuzzed
@given(config=st.sampled_from(CONFIGS), data=st.data())
def test_rewritten_configs(config, data, tmp_path):
    config = copy.deepcopy(config)
    for _ in range(data.draw(st.integers(1, 3))):
        node = config
        while True:
            keys = sorted(node) if isinstance(node, dict) else range(len(node))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(node[key], (dict, list)) and node[key] and data.draw(st.integers(0, 5)):
                node = node[key]
                continue
            node[key] = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
            break
    (tmp_path / "a.json").write_text(json.dumps(config))
    survive(tmp_path / "a.json")


@pytest.mark.parametrize("levels", [100, 900])
def test_models_nested_hundreds_of_levels_deep(levels, tmp_path):
    model = '{"class_name": "Dense", "name": "d", "config": {"units": 1}, "inbound_nodes": []}'
    for _ in range(levels):
        ends = '"input_layers": [], "output_layers": []'
        model = f'{{"class_name": "Functional", "name": "f", "config": {{"name": "f", "layers": [{model}], {ends}}}}}'
    (tmp_path / "a.json").write_text(model)
    survive(tmp_path / "a.json")
