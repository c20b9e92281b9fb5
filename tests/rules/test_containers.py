"""The rules on archives, HDF5 files and SavedModels: what each hostile file gets, and what no sound one does."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixtures.catalogue import FILES
from fixtures.hostile import SECRET, corpus, write_keras
from fixtures.hostile_weights import CONFIG, build_h5, nothing, npy, npz
from inspector.linting.case import Case
from inspector.linting.options import Options
from inspector.linting.run import check_file
from inspector.readers.archive import Range
from inspector.readers.zip_directory import ZipDirectory
from inspector.rules import load_rule

CODES = [f"KS{number}" for number in (*range(611, 624), 625, 626, 628, 690, 691)]
RULES = [load_rule(code) for code in CODES]
MARKER = "kinspect-marker"
HOSTILE = {case.name: case for case in corpus(MARKER)}
NO_WEIGHTS = "there is neither model.weights.h5"
FIXTURES = [path for folder in (FILES, FILES / "old") for path in sorted(folder.iterdir())
            if path.name not in ("oracle.json", "expected.json", "old")]  # fmt: skip

BY_ROW = {15: "KS611", 16: "KS612", 17: "KS613", 19: "KS614", 24: "KS620", 28: "KS623"}
EXPECTED = {
    "shape-bomb": "KS615", "hollow": "KS615", "packed-zeros": "KS615", "npz-bomb.keras": "KS615",
    "bomb.keras": "KS616", "weights-bomb.keras": "KS616", "many-bombs.keras": "KS616", "shared-bytes.keras": "KS616",
    "inner-bomb.keras": "KS616", "climbing-members.keras": "KS617", "symlink.keras": "KS617", "nul-name.keras": "KS617",
    "pickles.keras": "KS618 KS619", "program.keras": "KS618", "script.keras": "KS618", "inner-zip.keras": "KS618",
    "old-pickle.keras": "KS619", "pickled-weights.keras": "KS619", "pickle-before.keras": "KS619 KS626",
    "pickle-asset.saved.dir": "KS619", "model.pkl": "KS619", "pickle.keras": "KS619", "model.pt": "KS619",
    "up.weights.json": "KS621", "shards.keras": "KS621", "called.saved.dir": "KS622", "main-op.saved.dir": "KS622",
    "legacy-init-op.saved.dir": "KS622", "signature.saved.dir": "KS622", "function.saved.dir": "KS622",
    "captured.saved.dir": "KS622", "resource.saved.dir": "KS622",
    "print.saved.dir": "KS622", "python.saved.dir": "KS622", "table.saved.dir": "KS622",
    "asset-up.saved.dir": "KS622", "debug.saved.dir": "KS622", "cut-notes.saved.dir": "KS691",
    "duplicates.keras": "KS625", "inner-doubles.keras": "KS625", "doubled-weights.keras": "KS611 KS625",
    "duplicate-key.keras": "KS625", "duplicate-key.json": "KS625", "prefix.keras": "KS626", "user-block": "KS626",
    "hdf5-and-zip.keras": "KS626", "encrypted.keras": "KS626 KS691", "method.keras": "KS626 KS691",
    "bom.keras": "KS626",
    "utf-16.keras": "KS626", "utf-32.json": "KS626", "encrypted-asset.keras": "KS626 KS690",
    "encrypted-weights.keras": "KS626 KS691", "fifo.keras": "KS628", "self.keras": "KS628", "zero.keras": "KS628",
    "weights-fifo.dir": "KS628", "config-fifo.dir": "KS628", "links.dir": "KS628", "config-symlink.dir": "KS628",
    "text.saved.dir": "KS690", "cut.saved.dir": "KS691", "no-nodes.saved.dir": "KS690", "superblock": "KS691",
    "magic.h5": "KS691", "garbage-weights.keras": "KS691", "claims.keras": "KS691", "claims-64.keras": "KS691",
    "weights-claim.keras": "KS691", "entries-lie.keras": "KS691", "checksum.keras": "KS691", "damaged.keras": "KS691",
    "names-not-utf8.keras": "KS691", "cut-archive.keras": "KS691", "no-config.keras": "KS691", "folder.keras": "KS691",
    "bad-metadata.keras": "KS691", "nothing.keras": "KS691", "zeros.h5": "KS691", "page.keras": "KS691",
    "local.keras": "KS691", "comment.keras": "KS691", "cut.json": "KS691", "cut.h5": "KS691", "latin.keras": "KS691",
    "missing.weights.json": "KS691", "model.yaml": "KS691", "group-cycle": "KS612",
}  # fmt: skip
QUIET = ("latest", "many-groups", "deep-groups", "object-types", "many-objects", "saved_model.dir",
         "many-nodes.saved.dir",
         "members.keras", "deflated.keras", "escaped.keras")  # fmt: skip


def expected_of(name):
    """The codes that a file of the corpus must get; `None` where others than these rules look at it."""
    stem = name.removesuffix(".weights.h5").removesuffix(".keras").removesuffix(".h5")
    if name in QUIET or stem in QUIET:
        return set()
    for key in (name, stem):
        if key in EXPECTED:
            return set(EXPECTED[key].split())
    row = HOSTILE[name].row
    return {BY_ROW[row]} if row in BY_ROW else None


LOOKED_AT = [name for name in HOSTILE if expected_of(name) is not None]


def check(path, **options):
    """The findings of these rules, the corpus's own want of weights left out; a failure of a rule is raised."""
    found = check_file(os.fspath(path), RULES, Options(debug=True, seconds=60, **options))
    return [finding for finding in found if not finding.message.startswith(NO_WEIGHTS)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / SECRET).write_text("secret" * 12)
    monkeypatch.chdir(tmp_path / "in")
    yield tmp_path / "in"
    assert not (tmp_path / "in" / MARKER).exists()


def write(name, folder):
    case = next(case for case in corpus(str(folder / MARKER)) if case.name == name)
    case.write(folder / name, str(folder / MARKER))
    return folder / name


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", LOOKED_AT)
def test_hostile(name, folder):
    found = check(write(name, folder))
    codes, expected = {finding.code for finding in found}, expected_of(name)
    assert expected <= codes
    beside = {"KS691"} if HOSTILE[name].code == 2 or expected & {"KS615", "KS616", "KS619", "KS620", "KS621"} else set()
    beside |= {"KS618"} & codes if "KS617" in expected else set()
    beside |= {"KS626"} if name == "nul-name.keras" else set()
    assert codes <= expected | beside, found
    for finding in found:
        assert finding.hint and "\n" not in finding.message and len(finding.message) < 500
        assert "secret" not in finding.message.replace(SECRET, "")
        if name.endswith(".keras"):
            assert finding.pointer is not None or finding.code in ("KS619", "KS626", "KS628", "KS691"), finding


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_sound_fixtures(path):
    """Silence, but for weights that Keras 3.15.1 itself cannot load: objects in npz."""
    codes = {finding.code for finding in check(path)}
    assert codes - {"KS691"} == ({"KS620"} if path.name.endswith(".npz.keras") else set())
    assert "KS691" not in codes or path.name.endswith(".npz.keras")


def pack(path, *members, method=zipfile.ZIP_STORED):
    write_keras(path, CONFIG, ("model.weights.h5", build_h5(nothing)), *members, method=method)


def write_cached_folder(path):
    """As the hub's cache keeps a folder: links to blobs beside it."""
    blobs = path.parent / "blobs"
    (path / "assets").mkdir(parents=True)
    blobs.mkdir()
    held = {"config.json": CONFIG, "model.weights.h5": build_h5(nothing), "assets/words.txt": b"a"}
    for place, (name, data) in enumerate(held.items()):
        (blobs / f"{place:064x}").write_bytes(data)
        (path / name).symlink_to(("../" * (name.count("/") + 1)) + f"blobs/{place:064x}")


def write_packed_h5(path, **options):
    def fill(file):
        data = np.random.default_rng(1).normal(size=(500, 200)).astype("f4")
        for place, packed in enumerate(("gzip", "lzf", None)):
            file.create_dataset(
                f"layers/a{place}/vars/0", data=data, compression=packed, shuffle=bool(packed), chunks=True
            )
        file.create_dataset("optimizer/vars/0", data=np.zeros((500, 200)), compression="gzip", fletcher32=True)
        file.create_dataset("layers/empty/vars/0", (0, 10**9), "f4")

    path.write_bytes(build_h5(fill, **options))


def write_zip64(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (("config.json", CONFIG), ("metadata.json", b"{}"), ("model.weights.h5", build_h5(nothing))):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(data)


def write_streamed(path):
    """Sizes after the data, as a stream that cannot be rewound gets them."""

    class Pipe:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            return self.file.write(data)

        def flush(self):
            self.file.flush()

    with open(path, "wb") as file, zipfile.ZipFile(Pipe(file), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (("config.json", CONFIG), ("model.weights.h5", build_h5(nothing))):
            archive.writestr(name, data)


WORDS = b"\n[UNK]\ncat\ndog\nMZ\n#!x\nos.system\neval\n(S\n../../x\n" + "größe\n".encode()
ARRAYS = npz(("d/vars/0.npy", npy("<f4", "(3,)", bytes(12))))
HARMLESS = {
    "assets.keras": lambda p: pack(p, ("assets/", b""), ("assets/layers/string_lookup/vocabulary.txt", WORDS)),
    "words-first.keras": lambda p: pack(p, ("assets/v.txt", b"cat\ndog\n(play\n"), ("assets/w.txt", b"cnt\nos\n")),
    "tokenizer.keras": lambda p: pack(p, ("assets/tok/merges.txt", b"a b\n"), ("assets/tok/vocabulary.json", b"{}"),
                                      ("assets/tok/spm.proto", b"\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\2")),
    "deflated.keras": lambda p: pack(p, ("assets/zeros.txt", b"0\n" * 500_000), method=zipfile.ZIP_DEFLATED),
    "zip64.keras": write_zip64,
    "streamed.keras": write_streamed,
    "npz.keras": lambda p: write_keras(p, CONFIG, ("model.weights.npz", ARRAYS)),
    "packed.weights.h5": write_packed_h5,
    "packed-latest.weights.h5": lambda p: write_packed_h5(p, libver="latest"),
    "named.weights.h5": lambda p: p.write_bytes(build_h5(lambda f: f.create_group("layers/a.b..c/vars/größe"))),
    "cached.dir": write_cached_folder,
    "shards.keras": lambda p: write_keras(
        p, CONFIG, ("model.weights.json", json.dumps({"weight_map": {"/a": "model_00000.weights.h5"}}).encode()),
        ("model_00000.weights.h5", build_h5(nothing))),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless(name, tmp_path):
    HARMLESS[name](tmp_path / name)
    assert check(tmp_path / name) == []


def test_a_folder_of_a_project_is_no_archive(tmp_path):
    """What lies beside the model in a folder is its owner's."""
    place = tmp_path / "model"
    (place / "assets").mkdir(parents=True)
    (place / "config.json").write_bytes(CONFIG)
    (place / "metadata.json").write_bytes(b"{}")
    (place / "model.weights.h5").write_bytes(build_h5(nothing))
    for name, data in (
        ("README.md", b"x"),
        ("train.py", b"import os"),
        ("history.pkl", b"\x80\x04]\x94."),
        ("run.sh", b"#!/bin/sh"),
    ):
        (place / name).write_bytes(data)
    assert check(place) == []


def test_a_file_of_a_saved_model_stands_for_it(folder):
    path = write("main-op.saved.dir", folder)
    assert {finding.code for finding in check(path / "saved_model.pb")} == {"KS622"}


def test_strict_makes_unread_an_error(folder):
    path = write("text.saved.dir", folder)
    assert [finding.severity for finding in check(path)] == ["warning"]
    assert [finding.severity for finding in check(path, strict=True)] == ["error"]


def test_findings_are_bounded(tmp_path):
    def fill(file):
        for place in range(400):
            file[f"l{place}"] = h5py.ExternalLink("x.h5", "/y")

    (tmp_path / "a.weights.h5").write_bytes(build_h5(fill))
    found = check(tmp_path / "a.weights.h5")
    assert len(found) == 51 and "more of the same" in found[-1].message


@pytest.mark.parametrize(
    "options", [{}, {"libver": "latest"}, {"userblock_size": 512}], ids=["old", "latest", "user-block"]
)
def test_inventory_is_what_h5py_sees(options, tmp_path):
    write_packed_h5(tmp_path / "a.weights.h5", **options)
    seen = {}
    with h5py.File(tmp_path / "a.weights.h5") as file:
        file.visititems(
            lambda name, node: seen.__setitem__(name, node.id.get_storage_size() if hasattr(node, "shape") else None)
        )
    contents = Case(str(tmp_path / "a.weights.h5")).hdf5_objects[0]
    assert not contents.inventory.problems
    found = {one.path: one.stored if one.kind == "dataset" else None for one in contents.inventory.objects}
    assert found == seen


@pytest.mark.parametrize(
    "path", [path for path in FIXTURES if path.suffix == ".keras"][::7], ids=lambda path: path.name
)
def test_directory_is_what_zipfile_sees(path):
    with zipfile.ZipFile(path) as archive, ZipDirectory(Range(str(path), 0, path.stat().st_size)) as directory:
        told = [(e.name, e.size, e.packed, e.crc, e.offset, e.mode) for e in directory.entries]
        assert told == [(i.filename, i.file_size, i.compress_size, i.CRC, i.header_offset, i.external_attr >> 16)
                        for i in archive.infolist()]  # fmt: skip
        for entry in directory.entries:
            assert directory.find_damage(entry) is None
            assert directory.read_head(entry, 100) == archive.read(entry.name)[:100]


EXPORTS = """
import sys, keras, tensorflow as tf, tf_keras
from pathlib import Path
words = Path("words.txt")
words.write_text("a\\nb\\n")
class Module(tf.Module):
    def __init__(self):
        super().__init__()
        source = tf.lookup.TextFileInitializer(str(words), tf.string, -2, tf.int64, -1)
        self.table, self.asset = tf.lookup.StaticVocabularyTable(source, 1), tf.saved_model.Asset(str(words))
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, x):
        tf.print("called", x)
        return self.table.lookup(x), tf.io.read_file(self.asset.asset_path)
tf.saved_model.save(Module(), "module")
for one, save in ((keras, lambda m: m.export("export", verbose=False)),
                  (tf_keras, lambda m: m.save("old", save_format="tf"))):
    text = one.layers.TextVectorization(max_tokens=50, output_sequence_length=5)
    text.adapt(["a b c", "cat dog"])
    x = one.Input((1,), dtype="string")
    model = one.Model(x, one.layers.Dense(2)(one.layers.LSTM(3)(one.layers.Embedding(60, 4)(text(x)))))
    model.compile("adam", "mse")
    save(model)
v1 = tf.compat.v1
with v1.Graph().as_default(), v1.Session() as session:
    x = v1.placeholder(tf.string, [None])
    source = tf.lookup.TextFileInitializer(str(words), tf.string, -2, tf.int64, -1)
    y = tf.lookup.StaticHashTable(source, -1).lookup(x)
    v1.get_variable("v", [2])
    session.run([v1.global_variables_initializer(), v1.tables_initializer()])
    builder = v1.saved_model.Builder("old_graph")
    signature = {"s": v1.saved_model.predict_signature_def({"x": x}, {"y": y})}
    builder.add_meta_graph_and_variables(
        session, ["serve"], signature, main_op=v1.tables_initializer(),
        assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS))
    builder.save()
"""


@pytest.mark.slow
def test_real_exports_are_quiet(tmp_path):
    """Of Keras, tf_keras, TensorFlow 2 and TensorFlow 1, with vocabularies as assets and a table filled on load."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", EXPORTS], check=True, capture_output=True, env=environment, cwd=tmp_path)
    for name in ("module", "export", "old", "old_graph"):
        assert check(tmp_path / name) == [], name


LOADED = """
import sys, tensorflow as tf
class Table(tf.saved_model.experimental.TrackableResource):
    def _create_resource(self):
        return tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64)
    def _initialize(self):
        tf.io.write_file(sys.argv[2], "x")
class Module(tf.Module):
    def __init__(self):
        self.table = Table()
    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def __call__(self, x):
        self.table.resource_handle
        return x
tf.saved_model.save(Module(), sys.argv[1])
import os
os.path.exists(sys.argv[2]) and os.unlink(sys.argv[2])
tf.saved_model.load(sys.argv[1])
"""


def test_what_tensorflow_runs_on_load_is_told(tmp_path):
    """TensorFlow itself is the witness: the file is there after loading, with no call."""
    model, marker = tmp_path / "model", tmp_path / "marker"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", LOADED, model, marker], check=True, capture_output=True, env=environment)
    assert marker.exists()
    messages = [finding.message for finding in check(model) if finding.code == "KS622"]
    assert len(messages) == 1 and "runs when it is loaded" in messages[0] and "WriteFile" in messages[0]


MEASURED = """
import json, os, re, sys, time
from inspector.linting.options import Options
from inspector.linting.run import check_file
from inspector.rules import load_rule, load_rules
rules = load_rules()
for path in json.loads(sys.argv[1]):
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    start = time.process_time()
    found = check_file(path, rules, Options(seconds=60))
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
    said = [f.message for f in found if "could not be asked" in f.message or "cannot be examined" in f.message]
    print(json.dumps([os.path.basename(path), time.process_time() - start, peak >> 10, said]), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the peak of memory is counted as Linux does")
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_bounds_over_the_whole_corpus(folder):
    """Every rule on every file: 5 s of processor time, 300 MB, no rule that fails."""
    paths = []
    for case in corpus(str(folder / MARKER)):
        paths.append(str(folder / case.name))
        case.write(Path(paths[-1]), str(folder / MARKER))
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run([sys.executable, "-c", MEASURED, json.dumps(paths)], env={**os.environ, "PYTHONPATH": root},
                          capture_output=True, text=True, check=True)  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(told) == len(paths)
    assert [row for row in told if row[1] > 5 or row[2] > 300 or row[3]] == []


SMALL = [path for path in FIXTURES if path.is_file() and path.stat().st_size < 60_000]
fuzzed = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def survive(name, content):
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / name
        path.write_bytes(content)
        for finding in check(path):
            assert finding.message and "\n" not in finding.message


@fuzzed
@given(path=st.sampled_from(SMALL), data=st.data())
def test_cut_copies(path, data):
    content = path.read_bytes()
    survive(path.name, content[: data.draw(st.integers(0, len(content)))])


@fuzzed
@given(path=st.sampled_from(SMALL), data=st.data())
def test_flipped_copies(path, data):
    content = bytearray(path.read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(1, 255))
    for at, mask in data.draw(st.lists(places, min_size=1, max_size=12)):
        content[at] ^= mask
    survive(path.name, bytes(content))


SAVED = [name for name in HOSTILE if name.endswith(".saved.dir") and "nodes" not in name and "text" not in name]


@fuzzed
@given(name=st.sampled_from(SAVED), data=st.data())
def test_changed_saved_models(name, data):
    with tempfile.TemporaryDirectory() as place:
        path = write(name, Path(place))
        for file in (path / "saved_model.pb", path / "keras_metadata.pb"):
            if file.exists():
                content = bytearray(file.read_bytes())
                for at, mask in data.draw(
                    st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(1, 255)), max_size=6)
                ):
                    content[at] ^= mask
                file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
        check(path)
