"""Receptive fields against figures worked out by hand, and unknown where the rule does not hold."""

from fixtures.catalogue import FILES
from inspector import summary
from inspector.analyses.receptive_field import Field, find_fields, slide


def test_windows_strides_and_dilation():
    field = Field((1, 1), (1, 1))
    field = slide(field, {"kernel_size": [7, 7], "strides": [2, 2]}, "kernel_size")
    assert field == Field((7, 7), (2, 2))
    field = slide(field, {"pool_size": 3, "strides": [2, 2]}, "pool_size")
    assert field == Field((11, 11), (4, 4))
    field = slide(field, {"kernel_size": 3, "dilation_rate": 2}, "kernel_size")
    assert field == Field((27, 27), (4, 4))
    assert slide(field, {"pool_size": [2, 2]}, "pool_size") == Field((31, 31), (8, 8))
    assert slide(field, {"kernel_size": "3"}, "kernel_size") is None


def test_through_a_nested_model_to_a_global_pooling():
    fields = find_fields(summary(FILES / "frozen_backbone.keras").facts)
    assert fields["backbone/block1_conv1"] == "3×3 /1"
    assert fields["backbone/block2_pool"] == fields["backbone"] == "10×10 /4"
    assert fields["global_average_pooling2d"] == fields["head"] == "all"


def test_not_known_without_positions():
    assert set(find_fields(summary(FILES / "branch.keras").facts).values()) == {"?"}
