"""Each situation gives its graph, its numbers, and its reason with the right line of the user's code."""

import keras
import pytest

from inspector.live.recovery import recover
from tests.live.recovery.given import codes, inputs, line_of, size
from tests.live.situations import backend, composite, dynamic, effects, plain

TREE = "return self.join(ops.concatenate([self.node(x, depth - 1), self.node(x * 0.5, depth - 1)], -1))"

# model, inputs, expand, strategy, (nodes, edges), flags
RECOVERED = {
    "mlp": (plain.MLP, inputs((None, 4)), False, "symbolic", (3, 2), []),
    "cnn": (plain.CNN, inputs((None, 8, 8, 1)), False, "symbolic", (7, 6), []),
    "residual": (plain.Residual, inputs((None, 4)), False, "symbolic", (6, 6), []),
    "ops attention": (plain.OpsAttention, inputs((None, 5, 4)), False, "symbolic", (10, 11), []),
    "list": (plain.ListInputs, inputs([(None, 3), (None, 5)]), False, "symbolic", (6, 5), []),
    "dict": (plain.DictInputs, inputs({"tokens": (3, 5), "numbers": (3, 6)}), False, "symbolic", (8, 7), []),
    "two arguments": (plain.TwoArguments, inputs((None, 3), (None, 4)), False, "symbolic", (6, 5), []),
    "named arguments": (plain.TwoArguments, inputs(a=(None, 3), b=(None, 4)), False, "symbolic", (6, 5), []),
    "nested": (plain.Nested, inputs((None, 4)), False, "symbolic", (3, 2), []),
    "shared twice": (plain.SharedTwice, inputs([(None, 4), (None, 4)]), False, "symbolic", (7, 6), []),
    "containers": (plain.Containers, inputs((None, 4)), False, "symbolic", (7, 6), []),
    "lambda": (plain.Lambdas, inputs((None, 4)), False, "symbolic", (3, 2), []),
    "weights direct": (plain.DirectWeights, inputs((None, 3)), False, "symbolic", (4, 3), ["weights-used-directly"]),
    "masked lstm": (plain.MaskedLSTM, inputs((None, 5)), False, "symbolic", (5, 5), []),
    "transformer": (composite.Transformer, inputs((None, 6)), False, "symbolic", (7, 6), []),
    "transformer open": (composite.Transformer, inputs((None, 6)), True, "symbolic", (21, 24), []),
    "in sequential": (composite.InSequential, inputs((None, 6, 8)), False, "symbolic", (3, 2), []),
    "in sequential open": (composite.InSequential, inputs((None, 6, 8)), True, "symbolic", (19, 22), []),
    "same class inside": (composite.SameClassInside, inputs((None, 4)), False, "symbolic", (2, 1), []),
    "same class open": (composite.SameClassInside, inputs((None, 4)), True, "symbolic", (4, 3), ["names-not-unique"]),
    "shared names open": (effects.SharedNames, inputs((None, 4)), True, "symbolic", (5, 4), ["names-not-unique"]),
    # one call more than an eager zero state would show: the first state goes through its layer like the others
    "loop, batch given": (
        composite.LoopRNN, inputs((3, 4, 3), fixed_batch=True), False, "symbolic", (20, 26), ["constant-input"],
    ),
    "loop, batch open": (
        composite.LoopRNN, inputs((None, 4, 3)), False, "symbolic+batch", (20, 26), ["constant-input"],
    ),
    "batch arithmetic": (composite.BatchArithmetic, inputs((None, 5, 3)), False, "symbolic+batch", (4, 3), []),
    "static tree": (composite.StaticTree, inputs((None, 4)), False, "symbolic", (31, 37), ["recursion"]),
    "calls itself": (composite.CallsItself, inputs((None, 4)), False, "symbolic", (5, 4), ["recursion"]),
    "raw ops": (backend.RawOps, inputs((None, 4)), False, "symbolic+raw", (9, 9), ["raw-ops"] * 6),
    "raw in part": (backend.RawInPart, inputs((None, 4)), False, "symbolic", (4, 3), []),
    "raw in part open": (backend.RawInPart, inputs((None, 4)), True, "symbolic", (4, 3), ["raw-backend-op"]),
    "tf.range": (backend.TfRange, inputs((None, 4)), False, "symbolic", (4, 3), []),
    "add_loss": (effects.AddLoss, inputs((None, 4)), False, "symbolic", (2, 1), ["add-loss-dropped"]),
    "training branch": (
        effects.TrainingBranch, inputs((None, 4)), False, "symbolic", (3, 2),
        ["training-only-branch", "weights-unreached"],
    ),
    "sampling layer": (dynamic.VAE, inputs((None, 4)), False, "symbolic", (5, 5), ["stochastic-values"]),
    "sampling in call": (dynamic.InlineVAE, inputs((None, 4)), False, "symbolic", (5, 5), ["stochastic-values"]),
    "assigns a constant": (
        effects.CountsCalls, inputs((None, 4)), False, "symbolic", (2, 1), ["side-effect", "weights-unreached"],
    ),
    "assigns from data": (
        effects.MovingMean, inputs((None, 4)), False, "symbolic", (8, 9), ["side-effect", "weights-used-directly"],
    ),
    "keeps a tensor": (effects.KeepsTensor, inputs((None, 4)), False, "symbolic", (2, 1), ["side-effect"]),
    "variables first": (
        effects.VariableFirst, inputs((None, 5, 4)), False, "symbolic", (12, 14),
        ["weights-used-directly", "constant-input"],
    ),
    "never called": (composite.NeverCalled, inputs((None, 4)), False, "symbolic", (2, 1),
                     ["weights-unreached", "never-called", "never-called"]),
    "branch in a part": (dynamic.BranchInPart, inputs((None, 4)), False, "symbolic", (4, 3), ["data-dependent-branch"]),
    "edge detector": (
        backend.EdgeDetector, inputs((None, 16, 16, 1)), False, "symbolic+raw", (15, 19),
        ["raw-ops"] * 6 + ["training-only-branch"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECOVERED)
def test_recovered(name):
    make, spec, expand, strategy, counts, flags = RECOVERED[name]
    model = make()
    found = recover(model, spec, expand=expand)
    assert (found.verdict, found.strategy) == ("recovered", strategy), found.reasons
    assert size(found) == counts
    assert found.proof.ok and found.proof.max_abs_diff == 0.0
    assert sorted(codes(found.flags)) == sorted(flags)
    mine = {id(w) for w in model.weights}
    assert all(id(w) in mine for w in found.functional.weights), "the graph shares the model's layers"


# model, inputs, verdict, strategy, main code, module, text of the line
NOT_RECOVERED = {
    "if": (dynamic.BranchOnValue, "dynamic", "traced", "data-dependent-branch", dynamic, "# branch on a value"),
    "while": (dynamic.LoopOnValue, "dynamic", "traced", "data-dependent-loop", dynamic, "# loop on a value"),
    "data tree": (dynamic.DataTree, "dynamic", "traced", "value-needed", dynamic, "# value needed"),
    "ops.cond": (dynamic.Cond, "dynamic", "traced", "control-flow-closure", dynamic, "# closures"),
    "endless": (dynamic.Endless, "dynamic", None, "unbounded-recursion", dynamic, "# without end"),
    "iterates": (dynamic.Iterates, "dynamic", None, "iteration-over-tensor", dynamic, "# iterates"),
    "count": (dynamic.CountFromData, "dynamic", "traced", "data-dependent-loop", dynamic, "# count from data"),
    "assert": (dynamic.Asserts, "dynamic", None, "data-dependent-branch", dynamic, "# assert on a value"),
    "np.random": (
        dynamic.NumpyDrop, "dynamic", "symbolic", "stochastic-structure", dynamic, "class NumpyDrop(keras.Model)",
    ),
    "user bug": (dynamic.UserBug, "opaque", None, "user-error", dynamic, "# bug"),
    "numpy": (backend.NumpyInCall, "opaque", None, "numpy-conversion", backend, "# numpy"),
    ".numpy()": (backend.DotNumpy, "dynamic", None, "data-dependent-branch", backend, "# value by .numpy()"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_RECOVERED)
def test_not_recovered(name):
    make, verdict, strategy, code, module, text = NOT_RECOVERED[name]
    found = recover(make(), inputs((None, 4)))
    assert (found.verdict, found.strategy) == (verdict, strategy)
    assert found.reasons[0].code == code
    assert found.reasons[0].file == module.__file__
    assert found.reasons[0].line == line_of(module, text)
    assert text in found.reasons[0].source
    assert found.functional is None or code == "stochastic-structure"


def test_a_straight_trace_is_the_graph():
    found = recover(backend.TensorMethods(), inputs((None, 4)))
    assert (found.verdict, found.strategy, found.functional) == ("recovered", "traced", None)
    assert size(found) == (3, 2)
    assert found.reasons[0].code == "backend-tensor-method" and "set_shape" in found.reasons[0].message
    assert found.reasons[0].line == line_of(backend, "# method of the backend")
    assert found.proof.ok


def test_traced_control_nodes():
    branch = recover(dynamic.BranchOnValue(), inputs((None, 4))).structure
    assert [n.class_name for n in branch.nodes if n.kind == "control"] == ["If"]
    assert len(branch.inside) == 2, "the layers of the two branches"
    loop = recover(dynamic.LoopOnValue(), inputs((None, 4))).structure
    assert [n.class_name for n in loop.nodes if n.kind == "control"] == ["While"]
    assert [n.class_name for n in loop.nodes if n.kind == "layer"] == ["Dense"]


def test_recursion_over_data_is_named():
    found = recover(dynamic.DataTree(), inputs((None, 4)))
    assert "recursion" in codes(found.reasons)


def test_declared():
    found = recover(plain.Backbone())
    assert (found.verdict, size(found)) == ("declared", (8, 7))
    assert found.functional is not None


def test_gan():
    found = recover(effects.GAN())
    assert found.verdict == "dynamic"
    assert codes(found.reasons) == ["no-call", "custom-train-step"]
    assert found.reasons[0].line == line_of(effects, "class GAN(keras.Model)")
    assert {path: part.verdict for path, part in found.parts.items()} == {
        "generator": "declared",
        "discriminator": "declared",
    }


def test_no_call():
    found = recover(effects.NoCall())
    assert (found.verdict, codes(found.reasons)) == ("opaque", ["no-call"])


def test_needs_inputs():
    found = recover(plain.TwoArguments())
    assert (found.verdict, codes(found.reasons)) == ("opaque", ["needs-inputs"])
    assert "(a, b)" in found.reasons[0].message


@pytest.mark.parametrize("make", [plain.Residual, plain.MLP])
def test_mixed_precision(make):
    keras.mixed_precision.set_global_policy("mixed_float16")
    found = recover(make(), inputs((None, 4)))
    assert (found.verdict, found.proof.max_abs_diff) == ("recovered", 0.0)


@pytest.mark.parametrize("expand", [False, True])
def test_padded_ids(expand):
    found = recover(composite.Transformer(mask_zero=True), inputs((None, 6)), expand=expand)
    assert (found.verdict, found.strategy, found.proof.max_abs_diff) == ("recovered", "symbolic", 0.0)
    assert size(found) == ((22, 28) if expand else (8, 8))


def test_frozen_sequential_at_another_size():
    model = composite.Frozen()
    model(keras.ops.zeros((1, 8, 8, 1)))
    assert recover(model).strategy == "symbolic"
    found = recover(model, inputs((None, 12, 12, 1)))
    assert found.verdict == "recovered" and found.proof.max_abs_diff == 0.0
    assert found.reasons == () or found.reasons[0].code == "input-spec-mismatch"


def test_edge_detector_at_another_size():
    model = backend.EdgeDetector()
    model(keras.ops.zeros((1, 16, 16, 1)))
    found = recover(model, inputs((None, 24, 24, 1)))
    assert found.verdict == "recovered" and found.proof.max_abs_diff == 0.0


def test_training_graph_counts():
    flag = next(
        f for f in recover(effects.TrainingBranch(), inputs((None, 4))).flags if f.code == "training-only-branch"
    )
    assert "4 calls, 2 outputs" in flag.message and "3 calls, 1 outputs" in flag.message


def test_variables_named():
    found = recover(plain.DirectWeights(), inputs((None, 3)))
    assert "direct_weights/w" in found.flags[0].message and "direct_weights/b" in found.flags[0].message


def test_raw_operations_have_lines():
    found = recover(backend.RawOps(), inputs((None, 4)))
    told = ["raw concat", "raw shape", "raw reshape", "raw mean", "raw relu", "raw softmax"]
    assert [f.line for f in found.flags] == [line_of(backend, f"# {text}") for text in told]


def test_unrolled_recursion_line():
    found = recover(composite.StaticTree(), inputs((None, 4)))
    assert found.flags[0].line == line_of(composite, TREE)
