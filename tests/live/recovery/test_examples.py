"""Models in the style of the public Keras examples: recovered with equal outputs, as boxes and opened."""

import pytest

from inspector.live.recovery import recover
from tests.live.examples import generative, relational, sequence, vision
from tests.live.recovery.given import codes, inputs

IMAGE = (None, 8, 8, 1)
# model, inputs, flags and reasons that must be there
EXAMPLES = {
    "transformer classifier": (sequence.TransformerClassifier, inputs((None, 7)), []),
    "vision transformer": (vision.ViT, inputs(IMAGE), ["weights-used-directly"]),
    "u-net": (vision.UNet, inputs(IMAGE), []),
    "vae": (generative.VAE, inputs((None, 6)), ["add-loss-dropped", "stochastic-values"]),
    "siamese": (relational.Siamese, inputs([IMAGE, IMAGE, IMAGE]), []),
    "wavenet": (sequence.WaveNet, inputs((None, 9, 2)), []),
    "seq2seq with attention": (sequence.Seq2Seq, inputs((None, 6), (None, 5)), []),
    "graph network": (relational.GraphNetwork, inputs({"nodes": (6, 4), "edges": (9, 2)}), []),
    "mixture of experts": (relational.MixtureOfExperts, inputs((None, 5)), []),
    "detr": (vision.DETR, inputs((None, 8, 8, 3)), ["weights-used-directly", "unknown-dimension-arithmetic"]),
    "diffusion u-net": (generative.DiffusionUNet, inputs({"image": IMAGE, "step": (None,)}), []),
    "distiller": (generative.Distiller, inputs((None, 5)), []),
    "two-tower recommender": (relational.TwoTower, inputs({"user": (None,), "item": (None,)}), []),
    "masked autoencoder": (vision.MaskedAutoencoder, inputs(IMAGE), ["stochastic-values"]),
    "convmixer": (vision.ConvMixer, inputs(IMAGE), []),
    "mlp-mixer": (vision.MLPMixer, inputs(IMAGE), []),
    "nerf": (generative.NeRF, inputs((None, 5, 3)), []),
    "capsules": (vision.CapsuleNet, inputs(IMAGE), []),
    "pointnet with t-net": (vision.PointNet, inputs((None, 9, 3)), []),
    "conformer": (sequence.Conformer, inputs((None, 7, 8)), []),
    "deep and cross": (
        relational.DeepAndCross, inputs({"city": (None,), "job": (None,), "numbers": (None, 2)}), [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("expand", [False, True], ids=["boxes", "open"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_recovered(name, expand):
    make, spec, expected = EXAMPLES[name]
    found = recover(make(), spec, expand=expand)
    assert found.verdict == "recovered", found.reasons
    assert found.strategy in ("symbolic", "symbolic+batch")
    assert found.proof.ok and found.proof.max_abs_diff == 0.0
    assert set(expected) <= {*codes(found.flags), *codes(found.reasons)}
    assert all(part.verdict in ("recovered", "declared") for part in found.parts.values()), found.parts
    integers = [leaf.dtype for leaf in found.inputs.flat() if leaf.limit]
    assert all(dtype == "int32" for dtype in integers)
