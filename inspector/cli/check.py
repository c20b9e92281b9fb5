"""``kinspect check``: a linter for models. No TensorFlow, and nothing from a file is executed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..renderers.escaping import escape
from .code_options import takes_model, without
from .model_argument import code_request, is_code
from .output import write_file, write_out
from .progress import progress_line
from .settings import Settings, settings_of

if TYPE_CHECKING:
    from ..linting.discovery import Found
    from ..linting.options import Options
    from ..linting.report import Report
    from ..linting.rule import Finding
    from .check_settings import CheckSettings

FORMATS = ("text", "concise", "json", "sarif", "github", "gitlab", "junit")
SUFFIXES = {"json": "json", "sarif": "sarif", "xml": "junit", "txt": "text"}
DATA = ("json", "sarif", "gitlab", "junit")
BASELINE = "kinspect-baseline.json"
STYLES: dict[str, dict[str, Any]] = {
    "error": {"fg": "red", "bold": True}, "warning": {"fg": "yellow"}, "info": {"fg": "blue"},
    "code": {"bold": True}, "hint": {"fg": "green"},
}  # fmt: skip


class CommaList(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.4
    """Codes, patterns or names, separated by commas."""

    name = "LIST"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        return tuple(word.strip() for word in value.split(",") if word.strip())


def comma(name: str, **more: Any) -> Callable[[Any], Any]:
    return click.option(name, type=CommaList(), multiple=True, **more)


@click.command("check")
@click.argument("paths", nargs=-1, metavar="[PATHS]…", type=click.Path(readable=False))
@comma("--select", metavar="CODES", help="The rules to ask, instead of the default: KS2, KS103, ALL or a name.")
@comma("--extend-select", metavar="CODES", help="Rules to ask beside the default.")
@comma("--ignore", metavar="CODES", help="Rules not to ask.")
@click.option("--per-file-ignores", multiple=True, metavar="PATTERN:CODES", help="Rules not to ask of some files.")
@comma("--exclude", metavar="PATTERNS", help="Files and folders to leave out, as in .gitignore.")
@click.option("--no-gitignore", is_flag=True, help="Look at files that git ignores, too.")
@click.option("--info", is_flag=True, help="Show findings of severity info, too; they never fail a run.")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning"]), help="The least severity that fails a run [warning]."
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 whatever was found.")
@click.option("--strict", is_flag=True, help="What could not be read in full fails the run, too.")
@click.option("--statistics", is_flag=True, help="How often each rule has something to say.")
@click.option("--target-keras", metavar="VERSION", help="The Keras that is to load the models.")
@comma("--allow", metavar="PACKAGES", help="Packages whose custom objects are known.")
@click.option("--max-params", type=click.IntRange(min=0), metavar="N", help="Parameters a model may have.")
@click.option("--max-bytes", type=click.IntRange(min=0), metavar="N", help="Bytes a file may have.")
@click.option("--max-macs", type=click.IntRange(min=0), metavar="N", help="Multiply-accumulates a sample may take.")
@click.option("--baseline", metavar="FILE", type=click.Path(), help="Findings that are known and not told again.")
@click.option("--write-baseline", metavar="[FILE]", is_flag=False, flag_value="", type=click.Path(),
              help=f"Write what is found as a baseline [that of --baseline, else {BASELINE}].")  # fmt: skip
@click.option("--config", metavar="FILE", type=click.Path(), help="The project's file [the nearest].")
@click.option("-j", "--jobs", type=click.IntRange(min=1), metavar="N", help="Processes [one a core, for many files].")
@click.option("--format", "form", type=click.Choice(FORMATS), help="The form [by the ending of -o, else text].")
@click.option("-o", "--output", metavar="FILE", type=click.Path(), help="Write a file instead of printing.")
@click.option("--force", is_flag=True, help="Let -o and --write-baseline replace a file.")
@takes_model
@click.pass_context
def check_command(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> int:
    """Check models: saved files, folders of them, or models in code as FILE.py:NAME.

    Folders are searched for models by their bytes; without PATHS, the current one is. Exit code 1 where a finding is
    at least a warning. 'kinspect rule CODE' explains a rule.
    """
    from .check_settings import read_settings

    settings = settings_of(ctx)
    how = read_settings(options)
    report = run_checks(settings, paths or (".",), how, options)
    if options["write_baseline"] is not None:
        return write_baseline(settings, report, how, options)
    show(settings, report, how, options)
    return 0 if options["exit_zero"] or not report.fails(how.fail_on) else 1


without(check_command, "model", "live", "expand")


def run_checks(settings: Settings, paths: tuple[str, ...], how: CheckSettings, options: Mapping[str, Any]) -> Report:
    """Find the models, ask the rules, and sort out what is not to be shown."""
    from ..linting.discovery import IS_LFS
    from ..linting.report import Report

    skipped: list[Found] = []
    found: list[Finding] = []
    files: list[str] = []
    with progress_line(settings) as say:
        for path, findings in examine(settings, paths, how, options, skipped):
            files.append(path)
            found += findings
            if say is not None:
                say(f"{len(files):,} checked: {path}")
    for skip in skipped:
        asked = skip.path in paths and len(paths) == 1
        if not settings.quiet and (asked or settings.verbose or skip.why == IS_LFS):
            click.echo(f"note: {escape(skip.path)}: {skip.why}", err=True)
    if not files and not settings.quiet:
        click.echo("note: there is nothing to check", err=True)
    is_whole = how.is_whole and all(os.path.isdir(path) for path in paths)
    return sort_out(Report(files, found, skipped), how, is_whole)


def examine(
    settings: Settings, paths: tuple[str, ...], how: CheckSettings, options: Mapping[str, Any], skipped: list[Found]
) -> Iterator[tuple[str, list[Finding]]]:
    """Every model with what the rules say of it: those in code first, each in its worker, then the files."""
    from dataclasses import replace

    from ..linting.discovery import find_models
    from ..linting.parallel import check_files
    from ..rules import load_rule

    asked: Options = replace(how.options, debug=settings.debug)
    code = [path for path in paths if is_code(path)]
    for path in code:
        yield path, check_code(path, how, asked, options)
    models = []
    named = [path for path in paths if path not in code]
    for one in find_models(named, how.exclude, root=how.folder, gitignore=not options["no_gitignore"]):
        if one.why is None:
            models.append(one.path.replace(os.sep, "/"))
        else:
            skipped.append(one)
    yield from check_files(models, how.codes, load_rule, asked, how.jobs)


def check_code(path: str, how: CheckSettings, asked: Options, options: Mapping[str, Any]) -> list[Finding]:
    """A model in code, read by a worker that runs it."""
    from ..linting.run import check_model
    from ..readers.source_code import read_code
    from ..rules import load_rule

    model = read_code(path, code_request(path, options))
    found = check_model(model, [load_rule(code) for code in how.codes], asked)
    return [finding._replace(file=path) for finding in found]


def sort_out(report: Report, how: CheckSettings, is_whole: bool) -> Report:
    """Leave out what the project ignores, what the baseline knows, and infos that nobody asked for."""
    from collections import Counter

    from ..linting.baseline import from_folder, read_baseline, sift
    from ..linting.run import in_order

    kept = [f for f in report.findings if not how.ignores.ignores(f, from_folder(f.file, how.folder))]
    known: Counter[Any] = Counter()
    folder = "."
    if how.baseline is not None:
        known = read_baseline(how.baseline)
        folder = os.path.dirname(os.path.abspath(how.baseline))
    asked = Counter({key: count for key, count in known.items() if key[2] in how.codes})
    sifted = sift(in_order(kept), asked, report.files, folder)
    kept = sifted.new + (unused_entries(how, len(sifted.gone)) if is_whole else [])
    shown = kept if how.info else [finding for finding in kept if finding.severity != "info"]
    return report._replace(
        findings=in_order(shown), hidden=len(kept) - len(shown), known=len(sifted.known), gone=sifted.gone
    )


def unused_entries(how: CheckSettings, gone: int) -> list[Finding]:
    """KS806: what a project ignores, and nothing says."""
    from ..linting.report import UNUSED
    from ..rules import load_rule

    if UNUSED not in how.codes:
        return []
    rule = load_rule(UNUSED)
    found = [
        rule.finding(f"per-file-ignores {pattern!r} leaves nothing out", hint="drop the entry")._replace(file=how.file)
        for pattern in how.ignores.unused()
    ]
    if gone:
        what = "1 entry fits" if gone == 1 else f"{gone:,} entries fit"
        message = f"of the baseline, {what} nothing any more"
        found.append(rule.finding(message, hint="write it anew: --write-baseline")._replace(file=how.baseline or "."))
    return found


def write_baseline(settings: Settings, report: Report, how: CheckSettings, options: Mapping[str, Any]) -> int:
    """Everything that is found, known to a baseline before or not, infos too where they are asked for."""
    from ..linting.baseline import write_text

    path = options["write_baseline"] or how.baseline or BASELINE
    if is_model_path(path):
        raise UsageError(f"--write-baseline {path}: this is a model or a folder", hint="name a file, or put it last")
    write_file(path, write_text(report.findings, os.path.dirname(os.path.abspath(path))), force=options["force"])
    if not settings.quiet:
        click.echo(f"wrote {len(report.findings):,} findings to {path}", err=True)
    return 0


def is_model_path(path: str) -> bool:
    return os.path.isdir(path) or path.endswith((".keras", ".h5", ".hdf5"))


def show(settings: Settings, report: Report, how: CheckSettings, options: Mapping[str, Any]) -> None:
    from ..views.findings import FindingsView

    output = options["output"] if options["output"] != "-" else None
    form = options["form"] or SUFFIXES.get((output or "").rpartition(".")[2], "text")
    text = render(settings, FindingsView(report, statistics=options["statistics"]), form, printed=output is None)
    if output is not None:
        write_file(output, text, force=options["force"])
    elif text or form not in ("github", "concise"):
        write_out(settings, text, data=form in DATA)


def render(settings: Settings, view: Any, form: str, *, printed: bool) -> str:
    """The text of a form."""
    from importlib import import_module

    from ..rules import load_rule
    from .manner import manner_of

    manner = manner_of(settings, printed=printed, colours=STYLES)
    module = import_module(f"inspector.renderers.findings.{form}")
    if form == "sarif":
        codes = dict.fromkeys(finding.code for finding in view.findings)
        return str(module.render(view, manner, [load_rule(code) for code in codes]))
    return str(module.render(view, manner))
