"""JSON from strangers takes a bounded amount of memory, whatever it holds: measured in processes of their own."""

import itertools
import json
import string
import subprocess
import sys

import pytest

from inspector.errors import UnreadableModel
from inspector.keras_config.graphs import MAX_CLASS, MAX_COLUMN, MAX_LAYERS, MAX_NAME
from inspector.readers import read
from inspector.readers.json_config import MAX_BYTES, MAX_TEXT, MAX_VALUES, load_json

PEAK = 300 << 20
NAME = '"d"'
RUN = """
import sys
from inspector.cli.output import run
code = run(sys.argv[1:])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(code, peak.split()[1], file=sys.stderr)
"""
ENTRY = '{"class_name":"InputLayer","config":{"name":"i","batch_shape":[null,3]}}'
DENSE = '{"class_name":"Dense","config":{"name":%s,"units":2,"x":%s}}'
MODEL = '{"class_name":"Sequential","config":{"name":"s","layers":[%s]},"x":%s}'


def words(count):
    return map("".join, itertools.islice(itertools.product(string.ascii_letters + string.digits, repeat=4), count))


def with_value(value):
    """The layers of a model of which one has a value in its config."""
    return f"{ENTRY},{DENSE % (NAME, value)}"


def listed(item, count):
    return f"[{','.join([item] * count)}]"


CASES = {
    "empty dicts": lambda: listed("{}", MAX_VALUES // 4 - 20),
    "one-key dicts": lambda: listed('{"":0}', MAX_VALUES // 5 - 20),
    "dicts in dicts": lambda: listed('{"":' * 1000 + "0" + "}" * 1000, MAX_VALUES // 4100),
    "short strings": lambda: json.dumps(list(words(MAX_VALUES - 100)), separators=(",", ":")),
    "short strings beyond ASCII": lambda: json.dumps(["é" + w for w in words(MAX_VALUES - 100)], ensure_ascii=False),
    "keys": lambda: json.dumps(dict.fromkeys(words(MAX_VALUES // 2 - 100), 0)),
    "keys, one twice": lambda: '{"a":0,"a":0,' + json.dumps(dict.fromkeys(words(MAX_VALUES // 2 - 100), 0))[1:],
    "big ints": lambda: listed("9" * 4000, MAX_BYTES // 4001 - 1),
    "one string": lambda: '"' + "a" * (MAX_BYTES - 400) + '"',
    "one astral character": lambda: '"\U0001f600' + "a" * (MAX_TEXT // 4 - 400) + '"',
    "one astral character too many": lambda: '"\U0001f600' + "a" * (MAX_BYTES - 400) + '"',
    "escaped astral characters": lambda: '"' + r"\ud83d\ude00" * ((MAX_BYTES - 400) // 12) + '"',
}  # fmt: skip


def measure(path, *arguments):
    """The exit code and the peak of the memory that the process itself took, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    code, peak = done.stderr.splitlines()[-1].split()
    return int(code), int(peak) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("name", CASES)
def test_worst_json_stays_in_bounds(name, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(MODEL % (with_value(CASES[name]()), "0"), encoding="utf-8")
    for command in ("summary", "check"):
        _, peak = measure(path, command)
        assert peak < PEAK, (command, peak >> 20)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_utf_32_stays_in_bounds(tmp_path):
    path = tmp_path / "config.json"
    content = json.dumps(list(words(MAX_BYTES // 36)), separators=(",", ":"))
    path.write_text(MODEL % (with_value(content), "0"), encoding="utf-32")
    assert path.stat().st_size < MAX_BYTES
    for command in ("summary", "check"):
        _, peak = measure(path, command)
        assert peak < PEAK, (command, peak >> 20)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("letter", ["n", "\U0001f600"])
def test_long_names_stay_in_bounds(letter, tmp_path):
    path = tmp_path / "config.json"
    name = f'"{letter * MAX_NAME}"'
    most = MAX_COLUMN // MAX_NAME // (1 if letter.isascii() else 4)
    layers = ",".join([ENTRY, DENSE % (name, 0), *(DENSE % (f'"{n}"', 0) for n in range(most - 3))])
    path.write_text(MODEL % (layers, "0"), encoding="utf-8")
    for arguments in (["summary"], ["summary", "--format", "json"], ["check"]):
        code, peak = measure(path, *arguments)
        assert code < 2 and peak < PEAK, (arguments, peak >> 20)


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize("name", ["Dense", "A"])
def test_most_layers_stay_in_bounds(name, tmp_path):
    path = tmp_path / "config.json"
    layer = '{"class_name":"%s","config":{"name":"%d","units":1}}'
    path.write_text(MODEL % (",".join([ENTRY, *(layer % (name, n) for n in range(MAX_LAYERS - 2))]), "0"))
    for arguments in (["summary"], ["summary", "--format", "json"], ["check"]):
        code, peak = measure(path, *arguments)
        assert code < 2 and peak < PEAK, (arguments, peak >> 20)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (listed("{}", MAX_VALUES // 3), "it is JSON that would take more memory than a model's config does"),
        ("\U0001f600" + "a" * (MAX_TEXT // 4), "it is JSON that would take more memory than a model's config does"),
        ("a" * (MAX_BYTES + 1), "it is JSON of 25,165,825 bytes; more than 25,165,824 are not read"),
    ],
    ids=["objects", "wide", "long"],
)
def test_json_beyond_the_bounds_is_one_line(data, message):
    with pytest.raises(UnreadableModel) as caught:
        load_json(data)
    assert caught.value.message == message


def test_what_stands_in_strings_is_not_counted():
    text = json.dumps({"code": "\n" + "[{,:" * MAX_VALUES + '\\"\n', "a": "\n"})
    assert load_json(text).value["a"] == "\n"


def test_a_large_model_passes(tmp_path):
    layers = [{"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [None, 8]}}]
    initializer = {"module": "keras.initializers", "class_name": "Zeros", "config": {}, "registered_name": None}
    for index in range(5_000):
        config = {"name": f"d{index}", "trainable": True, "units": 8, "dtype": dict(initializer), "activation": "relu"}
        config |= {f"{role}_{index % 7}": dict(initializer) for role in ("kernel", "bias", "a", "b", "c")}
        layers.append({"module": "keras.layers", "class_name": "Dense", "config": config | {"dtype": "float32"}})
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}}))
    assert len(read(path).graph.layers) == 5_001


def test_a_vocabulary_passes():
    vocabulary = [f"word{index}" for index in range(200_000)]
    assert load_json(json.dumps({"vocabulary": vocabulary})).value == {"vocabulary": vocabulary}


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (listed('{"class_name":"A"}', MAX_LAYERS + 1)[1:-1], "'s' has 20,001 layers; more than 20,000 are not read"),
        (DENSE % ('"' + "n" * (MAX_NAME + 1) + '"', 0), "a layer's name or class is too long to be one"),
        ('{"class_name":"' + "C" * (MAX_CLASS + 1) + '"}', "a layer's name or class is too long to be one"),
        (
            ",".join([ENTRY, DENSE % ('"' + "n" * (MAX_COLUMN // 100) + '"', 0), *(DENSE % (n, 0) for n in range(99))]),
            "the names of 's' are too long for 101 layers",
        ),
    ],
    ids=["layers", "name", "class", "names"],
)
def test_models_beyond_belief_are_one_line(layers, message, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(MODEL % (layers, "0"))
    with pytest.raises(UnreadableModel) as caught:
        read(path)
    assert caught.value.message == message
