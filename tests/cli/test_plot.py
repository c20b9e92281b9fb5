"""``kinspect plot`` as users run it: forms, options, errors, what is imported, and names that mean harm."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from fixtures.catalogue import FILES
from inspector.cli.output import run
from inspector.renderers.engine import PURE, SYSTEM, find_engines
from inspector.renderers.escaping import escape

ROOT = Path(__file__).resolve().parents[2]
RESNET = FILES / "toy_resnet.keras"
NESTED = FILES / "nested_autoencoder.keras"
FORMS = ("svg", "png", "dot", "mmd", "html", "txt")
SIGNS = {
    "svg": b"<svg ",
    "png": b"\x89PNG",
    "pdf": b"%PDF",
    "dot": b"digraph ",
    "mmd": b"---",
    "html": b"<!doctype html>",
}
HOSTILE = (
    "</script><script>alert(1)</script>", '"];evil [label="x', "<b>bold</b>&amp;", "a\x1b[31mred", "line\nbreak\r",
    "\u202eback", "`tick`", "n0 --> n1", "\\N\\l\\", "{a|b}", "-->|x|", "]]>", "<!--", "end", "#quot;", "'\";--",
    "\ud800", "%%{init: {}}%%", "click n0 call alert()", "graph0", "ünïcödé 名前", " ", "${7*7}", "{{ 7*7 }}", "%s%n",
    "nul\x00byte", "{<f0> left|{mid\\|dle}|<f1>}", "n" * 10_000, "\u2066isolated\u2069", "🧠👩\u200d🔬",
    "a\u0301\u0301\u0301", "<TABLE><TR><TD>", "&#0;&bogus;", '<IMG SRC="/etc/passwd"/>', "\\E\\G\\T", "n0:port:ne",
    "subgraph", "digraph g {", "classDef x fill:red", ":::strong", "]]", "%%comment", "--- title",
    "javascript:alert(1)", "\x85\u2028\u2029",
)  # fmt: skip


@pytest.fixture
def kinspect(capfd):
    """Run the command line in this process: exit code, stdout, stderr."""

    def call(*arguments):
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.mark.parametrize("form", FORMS)
def test_the_ending_names_the_form(form, kinspect, tmp_path):
    path = tmp_path / f"model.{form}"
    assert kinspect("plot", RESNET, "-o", path) == (0, "", "")
    assert path.read_bytes().startswith(SIGNS.get(form, b"toy_resnet"))
    assert list(tmp_path.iterdir()) == [path]


def test_pdf_needs_the_system_graphviz(kinspect, tmp_path):
    path = tmp_path / "model.pdf"
    code, _, err = kinspect("plot", RESNET, "-o", path, "--engine", PURE)
    assert code == 2 and "no PDF" in err and "apt install graphviz" in err and not path.exists()
    if find_engines(SYSTEM):
        assert kinspect("plot", RESNET, "-o", path)[0] == 0 and path.read_bytes().startswith(b"%PDF")


def test_nothing_is_overwritten_unasked(kinspect, tmp_path):
    path = tmp_path / "model.svg"
    path.write_text("mine")
    assert "exists already" in kinspect("plot", RESNET, "-o", path)[2] and path.read_text() == "mine"
    assert kinspect("plot", RESNET, "-o", path, "--force")[0] == 0 and path.read_text() != "mine"


def test_a_picture_goes_through_a_pipe_as_it_is(tmp_path):
    command = [sys.executable, "-m", "inspector", "plot", RESNET, "--format", "png"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=True)
    assert done.stdout.startswith(SIGNS["png"]) and done.stdout.endswith(b"IEND\xaeB`\x82") and done.stderr == b""
    target = tmp_path / "model.png"
    subprocess.run([*command, "-o", target], cwd=ROOT, check=True)
    assert target.read_bytes() == done.stdout


@pytest.mark.parametrize("form", ["png", "svg", "text"])
def test_a_reader_that_leaves_is_no_error(form):
    command = [sys.executable, "-m", "inspector", "plot", str(RESNET), "--format", form]
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()
    done = subprocess.run(command, stdout=reader.stdin, stderr=subprocess.PIPE, cwd=ROOT)
    reader.stdin.close()
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "x.jpg"), "names no form"),
        (("--from", "con2d"), "did you mean 'conv2d'"), (("--show", "shape"), "shapes"),
        (("--highlight", "nothing*"), "no layer"), (("--from", "dense_1", "--to", "conv2d"), "no way"),
        (("--format", "html", "--from", "dense_1", "--to", "conv2d"), "no way"), (("--depth", "x"), "depth"),
        (("--format", "html", "--highlight", "nothing*"), "no layer"),
        (("--weights",), "--weights"), (("--format", "mermaid", "--weights"), "--weights"),
        (("--rankdir", "LR"), "--rankdir"), (("--theme", "dark"), "--theme"), (("--engine", "dot"), "--engine"),
        (("--format", "dot", "--engine", "dot"), "--engine"), (("--format", "mermaid", "--engine", "dot"), "--engine"),
    ],
)  # fmt: skip
def test_wrong_usage_is_one_line_and_a_hint(arguments, words, kinspect, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = kinspect("plot", RESNET, *arguments)
    assert code == 2 and out == "" and words in err and err.startswith("error: ") and len(err.splitlines()) <= 2


def test_a_part_holds_what_lies_between(kinspect):
    out = kinspect("plot", RESNET, "--from", "max_pooling2d", "--to", "add", "--format", "dot")[1]
    shown = {line.split('path="')[1].split('"')[0] for line in out.splitlines() if 'path="' in line}
    assert shown == {"max_pooling2d", "conv2d_2", "conv2d_3", "add"}


def test_options_change_the_picture(kinspect):
    plain = kinspect("plot", NESTED, "--format", "dot")[1]
    assert 'rankdir="LR"' in kinspect("plot", NESTED, "--format", "dot", "--rankdir", "LR")[1]
    assert (
        plain.count("subgraph") == 2
        and kinspect("plot", NESTED, "--format", "dot", "--depth", "0")[1].count("subgraph") == 0
    )
    assert "params" not in kinspect("plot", RESNET, "--format", "dot", "--show", "none")[1].replace("k params", "")
    assert " strong" in kinspect("plot", RESNET, "--format", "dot", "--highlight", "conv*")[1]
    assert kinspect("plot", RESNET, "--format", "dot", "--weights")[1] != kinspect("plot", RESNET, "--format", "dot")[1]
    assert "×2" in kinspect("plot", RESNET, "--format", "dot", "--fold")[1]


def page_of(kinspect, path, *options):
    """What the page's script is given, and the page."""
    code, out, err = kinspect("plot", path, "--format", "html", *options)
    assert (code, err) == (0, "")
    return json.loads(out.split('id="data">')[1].split("</script>")[0]), out


def test_options_change_the_page(kinspect):
    plain, page = page_of(kinspect, NESTED)
    assert plain["start"] == ["s0"] and len(plain["sheets"]) == 3 and page.count('class="cluster') == 0
    assert page_of(kinspect, NESTED, "--depth", "all")[1].count('class="cluster') == 2
    names = [plain["sheets"]["s0"]["things"][name]["path"] for name in ("n0", "n1")]
    assert names == ["img", "encoder"]
    wide = page_of(kinspect, NESTED, "--rankdir", "LR")[1]
    sizes = [float(text.partition('"')[0]) for text in wide.split('data-width="')[1:2]]
    assert sizes[0] > float(page.split('data-width="')[1].partition('"')[0])
    assert page.count("MACs</text>") > page_of(kinspect, NESTED, "--show", "shapes")[1].count("MACs</text>")
    assert page_of(kinspect, NESTED, "--weights")[1] != page


def test_a_page_opens_where_the_highlight_is(kinspect):
    data, page = page_of(kinspect, NESTED, "--highlight", "decoder/conv2d_transpose_2")
    way = [data["sheets"][name]["title"] for name in data["start"]]
    assert way == ["autoencoder", "decoder"] and page.count(" strong") == 1
    data, page = page_of(kinspect, NESTED, "--highlight", "decoder")
    assert data["start"] == ["s0"]


def test_a_page_of_a_part_holds_what_lies_between(kinspect):
    data, _ = page_of(kinspect, RESNET, "--from", "max_pooling2d", "--to", "add")
    shown = {thing["path"] for thing in data["sheets"]["s0"]["things"].values()}
    assert shown == {"max_pooling2d", "conv2d_2", "conv2d_3", "add"}
    data, _ = page_of(kinspect, NESTED, "--from", "encoder/conv2d_3")
    assert "encoder/conv2d_3" in {thing["path"] for thing in data["sheets"]["s0"]["things"].values()}
    assert page_of(kinspect, RESNET, "--no-fold")[1].count("×2") < page_of(kinspect, RESNET)[1].count("×2")


def test_options_change_the_text(kinspect):
    out = kinspect("plot", RESNET, "--show", "none")[1]
    assert "params" not in out.split("\n", 1)[1] and "×64" not in out
    assert "9×9×64 float32" in kinspect("plot", RESNET, "--show", "shapes,dtype")[1]
    assert kinspect("plot", RESNET, "--highlight", "Add")[1].count("◀") == 1
    assert " strong" in kinspect("plot", RESNET, "--highlight", "Add", "--format", "mermaid")[1]


def test_the_text_shows_branches_and_folds(kinspect):
    out = kinspect("plot", RESNET)[1]
    assert "├─╮" in out and "×2" in out and "\x1b" not in out
    assert "\x1b[" in kinspect("plot", RESNET, "--color", "always")[1]
    assert kinspect("plot", RESNET, "--no-fold")[1].count("Conv2D") == 7


def hostile_model(folder, names=HOSTILE) -> Path:
    """A chain whose every layer has a name that means something somewhere."""
    layers = []
    for place, name in enumerate(["in", *names]):
        source = {
            "class_name": "__keras_tensor__",
            "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [["in", *names][place - 1], 0, 0]},
        }
        config = {"name": name, "units": 4} if place else {"name": name, "batch_shape": [None, 4], "dtype": "float32"}
        layers.append(
            {
                "module": "keras.layers",
                "class_name": "Dense" if place else "InputLayer",
                "config": config,
                "name": name,
                "inbound_nodes": [{"args": [source], "kwargs": {}}] if place else [],
            }
        )
    for text in names[:3]:
        layers[1]["config"] |= {"activation": text}
        layers[2] |= {"class_name": text, "registered_name": text, "module": None}
    config = {
        "name": names[0],
        "layers": layers,
        "input_layers": {names[1]: ["in", 0, 0]},
        "output_layers": {names[0]: [names[-1], 0, 0]},
    }
    path = folder / "hostile.json"
    path.write_text(json.dumps({"module": "keras", "class_name": "Functional", "config": config}))
    return path


@pytest.mark.parametrize("engine", [PURE, SYSTEM])
@pytest.mark.parametrize("form", ["svg", "html", "dot", "mermaid", "text", "png"])
def test_names_that_mean_harm_are_text(form, engine, kinspect, tmp_path):
    if not find_engines(engine):
        pytest.skip(f"no {engine}")
    path = tmp_path / "out"
    chosen = ("--engine", engine) if form in ("svg", "html", "png") else ()
    code, _, err = kinspect("plot", hostile_model(tmp_path), "--format", form, "-o", path, *chosen)
    assert (code, err) == (0, "")
    if form == "png":
        return
    text = path.read_text(encoding="utf-8")
    assert all(char.isprintable() or char in "\n\u00a0" for char in text)  # our own spaces, in pictures
    assert form in ("dot", "text") or ("<script>alert" not in text and "<b>bold" not in text)
    assert form == "html" or max(map(len, text.splitlines())) < (60_000 if form == "svg" else 40_000)
    if form == "svg":
        root = ElementTree.fromstring(text)
        groups = [
            group for group in root.iter("{http://www.w3.org/2000/svg}g") if "layer" in group.get("class", "").split()
        ]
        assert len(groups) == len(HOSTILE)
        assert not [
            item for item in root.iter() if item.tag.rpartition("}")[2] in ("script", "a", "image", "foreignObject")
        ]
    elif form == "dot":  # what an engine reads in it: the layers, one input, one output, and nothing else
        plain = find_engines(engine)[0].draw(text, "plain").decode().splitlines()
        assert sum(line.startswith("node ") for line in plain) == len(HOSTILE) + 2
    elif form == "mermaid":
        assert not [line for line in text.splitlines() if line.strip().startswith(("click", "%%"))]


@pytest.mark.parametrize("engine", [PURE, SYSTEM])
@pytest.mark.parametrize("seed", range(3))
def test_any_name_is_text(seed, engine, kinspect, tmp_path):
    """Names of all that means something to DOT, XML, HTML and Mermaid, in any order."""
    if not find_engines(engine):
        pytest.skip(f"no {engine}")
    random = Random(seed)
    letters = "]]]>>><<<[[[&&;;#!--\"'`\\\\{}|()%:/ \t\n\x00\x1b\u202e\ud83d\ufeff\ufffe\u0301é名🧠ab0"
    names = list({"".join(random.choices(letters, k=random.randint(1, 9))) for _ in range(120)})
    model, target = hostile_model(tmp_path, names), tmp_path / "out.svg"
    assert kinspect("plot", model, "-o", target, "--engine", engine, "--no-fold") == (0, "", "")
    root = ElementTree.parse(target).getroot()
    drawn = [group for group in root.iter("{http://www.w3.org/2000/svg}g") if " layer " in f" {group.get('class')} "]
    assert [group.get("data-path") for group in drawn] == [escape(name) for name in names]


def test_only_plot_imports_what_draws():
    code = (
        "import sys; from inspector.cli.output import run; run(['summary', sys.argv[1]]);"
        "print([name for name in ('pydot', 'graphviz', 'jinja2', 'keras', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, RESNET], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_text_and_mermaid_import_no_engine():
    code = (
        "import sys; from inspector.cli.output import run; run(['plot', sys.argv[1]]);"
        "print([name for name in ('pydot', 'graphviz', 'jinja2', 'rich') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, RESNET], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("name", "why"), [("dqn_agent.keras", "its call is Python code"), ("built_mlp.weights.h5", "weights alone")]
)
def test_unknown_connections_are_said(name, why, kinspect, tmp_path):
    code, out, err = kinspect("plot", FILES / name)
    assert code == 0 and err == "" and "how its layers are connected is not known" in out and why in out
    code, _, err = kinspect("plot", FILES / name, "-o", tmp_path / "model.svg")
    assert code == 0 and why in err and why in (tmp_path / "model.svg").read_text(encoding="utf-8")
