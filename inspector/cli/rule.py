"""``kinspect rule``: what a rule means, with examples."""

from __future__ import annotations

from typing import Any

import click

from ..errors import UsageError
from .output import write_out
from .settings import settings_of


@click.command("rule")
@click.argument("code", required=False)
@click.option("--all", "every", is_flag=True, help="Every rule, one after the other.")
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", help="The form [text]."
)
@click.pass_context
def rule_command(ctx: click.Context, /, code: str | None, **options: Any) -> int:
    """Explain a rule of 'kinspect check': what goes wrong, what to do, examples. CODE is a code or a name.

    Without CODE, the rules are listed.
    """
    from ..linting.selection import ALL, resolve
    from ..rules import load_rule, load_rules, rule_names
    from ..views.rule import rule_record

    settings = settings_of(ctx)
    if code is not None and options["every"]:
        raise UsageError("a code and --all: one of them is enough")
    if code is not None:
        names = rule_names()
        found = resolve(code, names)
        codes = list(names) if found == ALL else [one for one in names if one.startswith(found)]
        records = [rule_record(load_rule(one)) for one in codes]
    else:
        records = [rule_record(rule) for rule in load_rules()]
    if options["form"] == "json":
        from ..renderers.json import render_json

        write_out(settings, render_json(records[0] if code is not None and len(records) == 1 else records), data=True)
        return 0
    from ..renderers import rules
    from .manner import manner_of

    manner = manner_of(settings, printed=True)
    if options["form"] == "markdown":
        text = "\n\n".join(rules.render_markdown(record) for record in records)
    elif code is None and not options["every"]:
        text = rules.render_list(records, manner)
    else:
        text = "\n\n\n".join(rules.render_page(record, manner) for record in records)
    write_out(settings, text)
    return 0
