"""``kinspect check`` as users run it: what is found and left out, exit codes, forms, the project's file, baselines."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import jsonschema
import pytest

from .checked_models import one_unit, write, write_bad, write_good

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/check.schema.json").read_text())
ONLY = ("--select", "KS103")


def record(kinspect, *arguments):
    code, out, _ = kinspect("check", "--format", "json", *arguments)
    found = json.loads(out)
    jsonschema.validate(found, SCHEMA)
    return code, found


def met(found):
    return sorted((finding["file"], finding["code"]) for finding in found["findings"])


def test_a_finding_names_its_file_layer_and_place(kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    code, found = record(kinspect, *ONLY, "a.keras")
    assert code == 1
    assert found["files"] == ["a.keras"]
    (finding,) = found["findings"]
    assert (finding["code"], finding["name"], finding["severity"]) == ("KS103", "softmax-single-unit", "error")
    assert (finding["file"], finding["layer"], finding["pointer"]) == ("a.keras", "probs", "/config/layers/1")
    assert "'probs'" in finding["message"] and "sigmoid" in finding["hint"]


def test_text_groups_by_file_and_counts(kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    write_good(tmp_path / "b.keras")
    code, out, err = kinspect("check", *ONLY)
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "a.keras"
    assert "KS103 softmax-single-unit" in out and "hint: " in out
    assert out.splitlines()[-1] == "Found 1 error in 1 of 2 files"
    assert kinspect("check", *ONLY, "b.keras") == (0, "All checks passed: 1 file\n", "")


TREE = """\
a.keras build/x.keras sub/build/x.keras keep/no.keras keep/yes.keras #hash.keras !bang.keras docs/one.keras
docs/inner/two.keras logs/x/y.keras logs/keep/z.keras foo/bar/b.keras foo/b.keras nested/w.keras nested/sub/w.keras
nested/sub/re.keras [b].keras xb.keras anch.keras sub/anch.keras ig/in.keras ig/sub/back.keras a/z/c.keras a/c.keras
UP.keras up.keras q1.keras q12.keras d/e.keras d/f/e.keras é/ü.keras per%cent.keras info.keras open/p.keras
tmp/a.keras tmp/b.keras"""
IGNORED = """\
# comment
/build/
keep/*
!keep/yes.keras
\\#hash.keras
\\!bang.keras
docs/*.keras
logs/**
!logs/keep/
!logs/keep/**
foo/**/b.keras
/anch.keras
ig/
!ig/sub/back.keras
a/**/c.keras
\\[b].keras
UP.keras   \r
q?.keras
é/
/d/*
!/d/f/
open*
!open/
re.keras
tmp/*.keras
!tmp/
"""


def test_gitignore_is_read_as_git_reads_it(kinspect, tmp_path):
    """Negations, anchors, folders, deeper files over outer ones, what the clone alone excludes: `git check-ignore`."""
    subprocess.run(["git", "init", "-q", "."], cwd=tmp_path, check=True)
    names = [*TREE.split(), "sp ace.keras", "line\nfeed.keras"]
    for name in names:
        write_good(tmp_path / name)
    (tmp_path / ".gitignore").write_bytes(IGNORED.encode())
    (tmp_path / "nested/.gitignore").write_text("/w.keras\nsub/*\n!sub/re.keras\n")
    (tmp_path / ".git/info/exclude").write_text("info.keras\n")
    told = subprocess.run(
        ["git", "check-ignore", "-z", "--stdin"], cwd=tmp_path, input="\0".join(names).encode(), stdout=subprocess.PIPE
    )
    ignored = set(told.stdout.decode().split("\0"))
    files = record(kinspect, *ONLY, ".")[1]["files"]
    assert sorted(files) == sorted(set(names) - ignored)
    assert {"logs/keep/z.keras", "open/p.keras", "nested/sub/re.keras"} <= set(files)
    assert record(kinspect, *ONLY, "sub")[1]["files"] == ["sub/anch.keras", "sub/build/x.keras"]
    assert record(kinspect, *ONLY, "--exclude", "/sub", ".", "sub/anch.keras", "sub")[1]["files"] == [
        file for file in files if not file.startswith("sub/")
    ]


def test_nothing_to_check_is_no_failure(kinspect, tmp_path):
    (tmp_path / "readme.txt").write_text("no model")
    code, _, err = kinspect("check")
    assert code == 0 and "nothing to check" in err
    assert kinspect("check", "readme.txt")[0] == 0


def test_a_path_that_is_not_there_is_wrong_usage(kinspect):
    code, out, err = kinspect("check", "gone.keras")
    assert (code, out) == (2, "") and err.startswith("error: gone.keras: no such file")


def test_exit_codes(kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    assert kinspect("check", *ONLY, "--exit-zero")[0] == 0
    assert kinspect("check", *ONLY, "--fail-on", "error")[0] == 1
    assert kinspect("check", "--select", "KS201")[0] == 0


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("--select", "KS103"), True),
        (("--select", "softmax-single-unit"), True),
        (("--select", "KS1", "--ignore", "KS103"), False),
        (("--select", "KS103", "--ignore", "KS1"), True),
        (("--select", "ALL", "--ignore", "KS10"), False),
        (("--ignore", "ALL", "--extend-select", "KS103"), True),
        (("--select", "KS103", "--ignore", "KS103"), False),
        (("--select", "KS2,KS103"), True),
    ],
)
def test_the_more_exact_word_decides(words, asked, kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    _, found = record(kinspect, *words)
    assert (("a.keras", "KS103") in met(found)) == asked


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--select", "KS999"), "no rule 'KS999'"),
        (("--ignore", "softmax-single-unitt"), "did you mean 'softmax-single-unit'?"),
        (("--target-keras", "new"), "no version of Keras"),
        (("--per-file-ignores", "KS1"), "is not PATTERN:CODES"),
        (("--fail-on", "info"), "info"),
        (("--baseline", "none.json"), "none.json"),
    ],
)
def test_wrong_usage_is_one_line(words, says, kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    code, out, err = kinspect("check", *words)
    assert (code, out) == (2, "") and says in err and err.count("\n") <= 2


def test_folders_are_searched_by_bytes_and_gitignore(kinspect, tmp_path):
    write_bad(tmp_path / "models/a.keras")
    write_bad(tmp_path / "models/renamed.bin")
    write_bad(tmp_path / "out/b.keras")
    write_bad(tmp_path / "env/lib/c.keras")
    (tmp_path / "env/pyvenv.cfg").write_text("")
    (tmp_path / ".gitignore").write_text("out/\n")
    (tmp_path / "models/data.json").write_text('{"class_name": 3}')
    (tmp_path / "models/.gitignore").write_text("*.bin\n!renamed.bin\n")
    assert met(record(kinspect, *ONLY)[1]) == [("models/a.keras", "KS103"), ("models/renamed.bin", "KS103")]
    files = record(kinspect, *ONLY, "--no-gitignore")[1]["files"]
    assert files == ["models/a.keras", "models/renamed.bin", "out/b.keras"]
    assert record(kinspect, *ONLY, "--exclude", "models/,out")[1]["files"] == []
    assert record(kinspect, *ONLY, "out/b.keras")[1]["files"] == ["out/b.keras"]


def test_an_unzipped_archive_and_a_config_are_models(kinspect, tmp_path):
    import zipfile

    with zipfile.ZipFile(write_bad(tmp_path / "a.keras")) as archive:
        archive.extractall(tmp_path / "unzipped.keras")
        (tmp_path / "arch.json").write_bytes(archive.read("config.json"))
    (tmp_path / "a.keras").unlink()
    assert met(record(kinspect, *ONLY)[1]) == [("arch.json", "KS103"), ("unzipped.keras", "KS103")]


def test_lfs_pointers_are_skipped_with_a_note(kinspect, tmp_path):
    (tmp_path / "a.keras").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    code, out, err = kinspect("check", "--format", "json")
    assert code == 0 and "git lfs pull" in err
    assert [skip["file"] for skip in json.loads(out)["skipped"]] == ["a.keras"]


def test_a_file_that_cannot_be_read_is_a_finding_and_no_stop(kinspect, tmp_path):
    whole = write_bad(tmp_path / "z.keras").read_bytes()
    (tmp_path / "cut.keras").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.keras").write_bytes(b"")
    (tmp_path / "noise.h5").write_bytes(os.urandom(512))
    code, found = record(kinspect)
    assert code == 1
    codes = {(finding["file"], finding["code"]) for finding in found["findings"]}
    assert {("cut.keras", "KS691"), ("empty.keras", "KS691"), ("noise.h5", "KS691"), ("z.keras", "KS103")} <= codes


def test_per_file_ignores(kinspect, tmp_path):
    write_bad(tmp_path / "old/a.keras")
    write_bad(tmp_path / "new/b.keras")
    _, found = record(kinspect, *ONLY, "--per-file-ignores", "old/:KS1")
    assert met(found) == [("new/b.keras", "KS103")]


def test_the_project_states_what_the_command_line_does_not(kinspect, tmp_path):
    write_bad(tmp_path / "old/a.keras")
    write_bad(tmp_path / "new/b.keras")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.kinspect]\nselect = ["KS103"]\nexclude = ["new"]\nfail-on = "error"\n'
        '[tool.kinspect.per-file-ignores]\n"nothing/*" = ["KS103"]\n'
    )
    assert met(record(kinspect)[1]) == [("old/a.keras", "KS103")]
    assert met(record(kinspect, "--select", "KS201")[1]) == []
    (tmp_path / "kinspect.toml").write_text('ignore = ["KS103"]\nselect = ["KS1"]\n')
    assert met(record(kinspect)[1]) == []
    assert met(record(kinspect, "--config", "pyproject.toml")[1]) == [("old/a.keras", "KS103")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("selekt = []", "did you mean 'select'?"),
        ("select = 'KS1'", "'select' must be a list of codes"),
        ("select = ['KS1", "not valid TOML"),
        ("max-params = 'many'", "'max-params' must be a number"),
        ("allowed-formats = ['onnx']", "there is no 'onnx'"),
        ("fail-on = 'info'", '"error" or "warning"'),
    ],
)
def test_a_project_file_that_is_wrong_is_said(text, says, kinspect, tmp_path):
    (tmp_path / "kinspect.toml").write_text(text)
    code, out, err = kinspect("check")
    assert (code, out) == (2, "") and says in err
    assert "kinspect.toml" in err or err.startswith("error: allowed-formats: ")


def test_a_baseline_knows_what_was_found_and_tells_what_is_gone(kinspect, tmp_path):
    write_bad(tmp_path / "m/a.keras")
    write_bad(tmp_path / "m/b.keras")
    assert kinspect("check", *ONLY, "--write-baseline", "known.json")[0] == 0
    assert kinspect("check", *ONLY, "--write-baseline", "known.json")[0] == 2
    code, out, _ = kinspect("check", *ONLY, "--baseline", "known.json")
    assert (code, out) == (0, "All checks passed: 2 files (2 known to the baseline)\n")
    write_bad(tmp_path / "m/c.keras")
    (tmp_path / "m/a.keras").unlink()
    write_good(tmp_path / "m/a.keras")
    code, found = record(kinspect, *ONLY, "--baseline", "known.json")
    assert (code, met(found)) == (1, [("m/c.keras", "KS103")])
    assert found["baseline"] == {"known": 1, "gone": [{"file": "m/a.keras", "layer": "probs", "code": "KS103"}]}
    assert "gone from the baseline: KS103 m/a.keras [probs]" in kinspect("check", *ONLY, "--baseline", "known.json")[1]
    assert record(kinspect, *ONLY, "--baseline", "known.json", "m/b.keras")[1]["baseline"]["gone"] == []


def test_rules_that_were_not_asked_are_not_gone_from_a_baseline(kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    kinspect("check", *ONLY, "--write-baseline", "known.json")
    _, found = record(kinspect, "--select", "KS201", "--baseline", "known.json")
    assert found["baseline"] == {"known": 0, "gone": []}


def test_what_suppresses_nothing_is_told_of_a_whole_run_alone(kinspect, tmp_path):
    write_good(tmp_path / "a.keras")
    words = ("--info", "--per-file-ignores", "a.keras:KS103")
    assert (".", "KS806") in met(record(kinspect, *words)[1])
    assert (".", "KS806") not in met(record(kinspect, *words, "a.keras")[1])
    assert (".", "KS806") not in met(record(kinspect, *words, *ONLY)[1])


@pytest.mark.parametrize("text", ["[]", "{", '{"schema_version": 1, "findings": [3]}', '{"schema_version": 7}'])
def test_what_is_no_baseline_is_said(text, kinspect, tmp_path):
    (tmp_path / "known.json").write_text(text)
    code, _, err = kinspect("check", "--baseline", "known.json")
    assert code == 2 and "not a baseline" in err


def test_forms(kinspect, tmp_path):
    write(tmp_path / "a,b.keras", one_unit("softmax", "<b>\x1b[31m%0A::error::"))
    code, out, _ = kinspect("check", *ONLY, "--format", "concise", "-q")
    assert code == 1
    assert out.startswith("a,b.keras: KS103 error [<b>\\x1b[31m%0A::error::] ") and out.count("\n") == 1
    out = kinspect("check", *ONLY, "--format", "github")[1]
    assert out.startswith("::error file=a%2Cb.keras,line=1,title=kinspect (KS103 softmax-single-unit)::")
    assert out.count("\n") == 1
    (issue,) = json.loads(kinspect("check", *ONLY, "--format", "gitlab")[1])
    assert issue["check_name"] == "KS103 softmax-single-unit" and len(issue["fingerprint"]) == 40
    assert issue["location"] == {"path": "a,b.keras", "lines": {"begin": 1}} and issue["severity"] == "major"
    tree = ElementTree.fromstring(kinspect("check", *ONLY, "--format", "junit")[1])
    assert (tree.get("tests"), tree.get("failures")) == ("1", "1")
    assert tree.find("testsuite/testcase/failure").get("type") == "error"


def test_sarif_holds_to_its_standard(kinspect, tmp_path):
    sarif = pytest.importorskip("sarif_pydantic")
    write_bad(tmp_path / "dir with space/a.keras")
    write_good(tmp_path / "b.keras")
    code, out, _ = kinspect("check", *ONLY, "--format", "sarif")
    assert code == 1
    data = json.loads(out)
    sarif.Sarif.model_validate(data)
    (run_,) = data["runs"]
    (result,) = run_["results"]
    assert run_["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "KS103"
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "dir%20with%20space/a.keras"
    assert json.loads(kinspect("check", *ONLY, "--format", "sarif", "b.keras")[1])["runs"][0]["results"] == []


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_names_of_any_bytes_are_told_to_every_service(kinspect, tmp_path):
    """URIs decode to the very bytes; commands and reports stay one line and well-formed."""
    names = [b"a b%0A.keras", b"new\nline.keras", b"bad\xff.keras", b"back\\slash.keras", b"<&\"'>.keras",
             b"c:o,l.keras", "bidi\u202e\u00fc.keras".encode(), b"esc\x1b[31m.keras", b"#x?.keras"]  # fmt: skip
    written = write_bad(tmp_path / "first.keras").read_bytes()
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(written)
    (tmp_path / "first.keras").unlink()
    sarif = json.loads(kinspect("check", *ONLY, "--format", "sarif")[1])
    places = [result["locations"][0]["physicalLocation"] for result in sarif["runs"][0]["results"]]
    assert {unquote_to_bytes(place["artifactLocation"]["uri"]) for place in places} == set(names)
    assert all(place["artifactLocation"]["uri"].isascii() and place["region"]["startLine"] == 1 for place in places)
    github = kinspect("check", *ONLY, "--format", "github")[1].splitlines()
    assert len(github) == len(names) and all(line.startswith("::error file=") for line in github)
    assert any("file=a b%250A.keras," in line for line in github) and any("c%3Ao%2Cl.keras" in line for line in github)
    gitlab = json.loads(kinspect("check", *ONLY, "--format", "gitlab")[1])
    assert len({issue["fingerprint"] for issue in gitlab}) == len(names)
    suites = ElementTree.fromstring(kinspect("check", *ONLY, "--format", "junit")[1])
    assert [suites.get("tests"), suites.get("failures")] == [str(len(names))] * 2


def test_services_get_paths_from_the_current_folder(kinspect, tmp_path):
    """However a file is named; what lies elsewhere keeps its place."""
    write_bad(tmp_path / "sub/a.keras")
    uris, marks = set(), set()
    for path in ("sub/a.keras", "./sub/a.keras", tmp_path / "sub/a.keras", "sub/../sub/a.keras"):
        sarif = json.loads(kinspect("check", *ONLY, "--format", "sarif", path)[1])
        uris.add(sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        (issue,) = json.loads(kinspect("check", *ONLY, "--format", "gitlab", path)[1])
        marks.add((issue["location"]["path"], issue["fingerprint"]))
        assert "file=sub/a.keras," in kinspect("check", *ONLY, "--format", "github", path)[1]
    assert uris == {"sub/a.keras"} and len(marks) == 1 and marks.pop()[0] == "sub/a.keras"
    os.chdir(tmp_path / "sub")
    (tmp_path / "sub/in").mkdir()
    os.chdir("in")
    sarif = json.loads(kinspect("check", *ONLY, "--format", "sarif", tmp_path / "sub/a.keras")[1])
    place = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == (tmp_path / "sub/a.keras").as_uri()


def test_an_info_fails_no_test_of_junit(kinspect, tmp_path):
    write_good(tmp_path / "a.keras")
    code, out, _ = kinspect("check", "--select", "KS117", "--info", "--format", "junit", "a.keras")
    suites = ElementTree.fromstring(out)
    assert (code, suites.get("tests"), suites.get("failures")) == (0, "1", "0")
    assert "not compiled" in suites.findtext(".//system-out")


def test_a_file_is_written_whole_and_never_over_another(kinspect, tmp_path):
    write_bad(tmp_path / "a.keras")
    assert kinspect("check", *ONLY, "-o", "out.sarif")[:2] == (1, "")
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"
    assert kinspect("check", *ONLY, "-o", "out.sarif")[0] == 2
    assert kinspect("check", *ONLY, "-o", "out.sarif", "--force")[0] == 1


def test_several_processes_find_the_same(kinspect, tmp_path):
    for index in range(40):
        (write_bad if index % 3 else write_good)(tmp_path / f"m{index:02}.keras")
    one, two = record(kinspect, "-j", "1")[1], record(kinspect, "-j", "2")[1]
    assert one == two and len(one["files"]) == 40


def test_a_process_that_dies_stops_nothing(tmp_path, monkeypatch):
    from inspector.linting import parallel
    from inspector.linting.options import Options

    def check(path, rules, options):
        if path == "deadly":
            os._exit(9)
        return []

    monkeypatch.setattr(parallel, "check_file", check)
    paths = ["a", "deadly", "b", "c"]
    found = dict(parallel.spread(paths, ["KS103"], lambda code: None, Options(), 2))
    assert sorted(found) == sorted(paths)
    assert [finding.code for finding in found["deadly"]] == ["KS690"] and found["b"] == []


def test_statistics(kinspect, tmp_path):
    for name in "abc":
        write_bad(tmp_path / f"{name}.keras")
    code, out, _ = kinspect("check", *ONLY, "--statistics", "-q")
    assert code == 1 and out.split() == ["3", "KS103", "softmax-single-unit", "error"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_what_is_no_file_is_not_opened(kinspect, tmp_path):
    os.mkfifo(tmp_path / "pipe.keras")
    os.mkfifo(tmp_path / "other")
    code, found = record(kinspect)
    assert code == 1 and [finding["code"] for finding in found["findings"]] == ["KS628"]
    assert found["files"] == ["pipe.keras"]


def test_nothing_heavy_is_imported(tmp_path):
    write_bad(tmp_path / "a.keras")
    code = (
        "import sys; from inspector.cli.output import run; code = run(['check', '-q']); "
        "heavy = {'tensorflow', 'keras', 'pickle', 'yaml', 'h5py'} & set(sys.modules); print(code, heavy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.splitlines()[-1] == "1 set()", done.stderr


def test_a_rule_explains_itself(kinspect):
    code, out, _ = kinspect("rule", "KS103")
    assert code == 0 and out.startswith("KS103 softmax-single-unit") and "Flagged" in out and "Allowed" in out
    assert kinspect("rule", "softmax-single-unit")[1] == out
    listed = kinspect("rule")[1]
    assert "KS103  softmax-single-unit" in listed
    assert kinspect("rule", "--all")[1].count("Flagged") > 1
    assert json.loads(kinspect("rule", "KS103", "--format", "json")[1])["code"] == "KS103"
    code, _, err = kinspect("rule", "softmax-singel-unit")
    assert code == 2 and "did you mean 'softmax-single-unit'?" in err
