"""The composite parts of a model, each with its own verdict."""

from inspector.live.recovery import recover
from tests.live.examples import vision
from tests.live.recovery.given import codes, inputs, line_of
from tests.live.situations import backend, composite, dynamic, effects


def verdicts(found):
    return {path: part.verdict for path, part in found.parts.items()}


def test_blocks_are_recovered_whether_open_or_not():
    for expand in (False, True):
        found = recover(composite.Transformer(), inputs((None, 6)), expand=expand)
        assert verdicts(found) == {"block_0": "recovered", "block_1": "recovered"}
        assert all(part.proof.ok for part in found.parts.values())


def test_nested_paths():
    found = recover(composite.SameClassInside(), inputs((None, 4)))
    assert verdicts(found) == dict.fromkeys(("shell", "shell/inner", "shell/inner/inner"), "recovered")


def test_blocks_inside_a_sequential():
    found = recover(composite.InSequential(), inputs((None, 6, 8)))
    assert verdicts(found) == {"body": "declared", "body/a": "recovered", "body/b": "recovered"}


def test_a_dynamic_part_of_a_recovered_whole():
    found = recover(dynamic.BranchInPart(), inputs((None, 4)))
    part = found.parts["part"]
    assert (found.verdict, part.verdict, part.strategy) == ("recovered", "dynamic", "traced")
    assert part.reasons[0].line == line_of(dynamic, "# branch in a part")
    assert part.reasons[0].path == "part"


def test_a_part_with_raw_operations():
    part = recover(backend.RawInPart(), inputs((None, 4))).parts["block"]
    assert (part.verdict, part.strategy) == ("recovered", "symbolic+raw")
    assert part.reasons[0].line == line_of(backend, "# raw inside a part")


def test_flags_go_to_the_part_whose_code_they_come_from():
    found = recover(vision.ViT(), inputs((None, 8, 8, 1)))
    assert codes(found.parts["patches"].flags) == ["constant-input"]
    assert found.parts["patches"].flags[0].line == line_of(vision, "self.project(x) + self.position(positions)")
    assert found.parts["block_0"].flags == ()


def test_a_part_never_called():
    part = recover(composite.NeverCalled(), inputs((None, 4))).parts["block"]
    assert (part.verdict, codes(part.reasons)) == ("opaque", ["weights-unreached"])


def test_names_are_told_apart_and_put_back():
    model = effects.SharedNames()
    found = recover(model, inputs((None, 4)), expand=True)
    assert sorted(found.unique_names.values()) == ["first_1", "second_1"]
    assert [part.first.name for part in model.parts] == ["first", "first"]
    assert [n.path for n in found.structure.nodes][1:] == ["one/first", "one/second", "two/first_1", "two/second_1"]
