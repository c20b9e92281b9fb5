"""JSON from strangers: bounded, and read as Keras reads it."""

import inspect
import json
import sys

import pytest

from inspector.errors import UnreadableModel
from inspector.readers.json_config import MAX_DEPTH, count_depth, find_marks, load_json


def nest(depth):
    return b'{"a":' * depth + b"1" + b"}" * depth


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[1]", "it is JSON, and not an object"),
        (b"{", "it is not JSON: expecting property name enclosed in double quotes at line 1, column 2"),
        (b'{"a":\xff}', "it is not JSON: it is not utf-8 at byte 5"),
        (b'{"a":' + b"9" * 5000 + b"}", "it holds a number of too many digits"),
        (nest(MAX_DEPTH + 1), "it is nested deeper than 3,000 levels"),
        (b"[" * 2_000_000, "it is nested deeper than 3,000 levels"),
    ],
)
def test_broken_json_is_one_line(data, message):
    with pytest.raises(UnreadableModel) as caught:
        load_json(data)
    assert caught.value.message == message


def test_depth_does_not_depend_on_the_caller():
    limit = sys.getrecursionlimit()

    def descend(levels):
        return load_json(nest(MAX_DEPTH)) if not levels else descend(levels - 1)

    assert descend(limit - len(inspect.stack()) - 60).notes == ()
    assert sys.getrecursionlimit() == limit


def test_depth_is_counted_outside_of_strings():
    assert count_depth(find_marks('{"[[[\\"[[": ["\\\\", {"]": []}]}')) == 4
    assert count_depth(find_marks('{"x\\n": ["\\u003c", {"]": []}]}')) == 4
    assert count_depth(find_marks(nest(1234).decode())) == 1234


@pytest.mark.parametrize("ahead", range(5))
def test_an_escape_between_two_parts_stays_whole(ahead):
    for content in ("\\\\" * 600_000, '\\"[' * 400_000, "\\" * 3 + '"' + "é[" * 600_000):
        assert find_marks("{" + " " * ahead + f'"{content}"' + ":[]}") == b"{:[]}"


def test_deep_and_wide_is_counted_only_to_the_limit():
    assert count_depth(b"[[]," * 3_000_000) > MAX_DEPTH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings_that_keras_takes(encoding):
    document = load_json('{"ä": 1}'.encode(encoding))
    assert document.value == json.loads('{"ä": 1}'.encode(encoding)) == {"ä": 1}
    assert [note.code for note in document.notes] == ([] if encoding == "utf-8" else ["odd-encoding"])


def test_a_key_stated_twice_is_noted_and_the_last_counts():
    document = load_json(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}')
    assert document.value == {"a": 3, "b": {"c": 2}}
    assert [note.message for note in document.notes] == [
        "it states a key twice in one object, the last counts: 'c', 'a'"
    ]
