"""KS622 savedmodel-dangerous-op."""

from __future__ import annotations

from collections.abc import Iterator

from ..analyses.saved_model_ops import READS, find_dangers, odd_assets
from ..linting.case import Case
from ..linting.container_rule import ContainerRule, quoted
from ..linting.rule import Example, Finding
from ..readers.saved_model_parts import PROTOBUF

HINT = "do not load it: TensorFlow has no safe mode; ask for the model as a .keras file"
MODULE = "import tensorflow as tf\nclass Module(tf.Module):\n"
CALLED = "    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])\n    def __call__(self, x):\n"
SAVE = "tf.saved_model.save(Module(), str(path))"


class SavedmodelDangerousOp(ContainerRule):
    """A SavedModel holds operations that write or read files, call Python, or talk to other machines.

    The graph of a SavedModel is a program, and what TensorFlow can do it can do. Some of it runs when the model is
    called, and what hangs on an initializer runs when it is loaded, with no call at all: `WriteFile` and `PrintV2`
    have been made to write files there. Operations that save and restore the variables are in every export and are
    not meant, nor is a vocabulary that lies among the model's own assets. Ask for the model in the `.keras` format.
    """

    code = "KS622"
    name = "savedmodel-dangerous-op"
    severity = "error"
    needs = ("saved_model",)
    flags = (
        Example(MODULE + CALLED + "        tf.io.write_file('out.txt', x)\n        return x\n" + SAVE,
                "a call that writes a file", "model.dir"),
        Example(MODULE + CALLED + "        return tf.io.read_file('/etc/passwd')\n" + SAVE,
                "a call that reads a file of the system", "model.dir"),
    )  # fmt: skip
    allows = (
        Example("model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])\nmodel.export(path, verbose=False)",
                "an export of Keras", "model.dir"),
        Example("import tensorflow as tf\nPath('words.txt').write_text('a\\nb\\n')\nclass Module(tf.Module):\n"
                "    def __init__(self):\n"
                "        source = tf.lookup.TextFileInitializer('words.txt', tf.string, -2, tf.int64, -1)\n"
                "        self.table = tf.lookup.StaticHashTable(source, -1)\n" + CALLED
                + "        return self.table.lookup(x)\n" + SAVE, "a table filled from an asset", "model.dir"),
        Example(MODULE + CALLED + "        tf.print('called', x)\n        return x\n" + SAVE,
                "a call that prints", "model.dir"),
    )  # fmt: skip

    def find(self, case: Case) -> Iterator[Finding]:
        if case.saved_model is None:
            return
        for danger in find_dangers(case.saved_model):
            node = danger.node
            place = f"the function {quoted(node.scope)}" if node.scope else "its graph"
            times = f" ({danger.times} times)" if danger.times > 1 else ""
            file = f", {quoted(danger.path)}" if danger.path else ""
            when = "when it is loaded" if danger.on_load else "when it is called"
            yield self.finding(
                f"{node.op}{times} in {place} {danger.what}{file}: it runs {when}",
                pointer=f"{PROTOBUF}/{node.scope}/{node.name}" if node.scope else f"{PROTOBUF}/{node.name}",
                severity="warning" if danger.what == READS and not danger.on_load and not danger.path else None,
                hint=HINT,
                affects="every TensorFlow: tf.saved_model.load has no guard; load_model of Keras 3 refuses SavedModels",
            )
        for name in odd_assets(case.saved_model):
            yield self.finding(
                f"the SavedModel names {quoted(name)} as an asset, a file outside of its assets: loading reads it",
                pointer=PROTOBUF, hint=HINT,
            )  # fmt: skip
