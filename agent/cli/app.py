"""Entry point: registers the commands; heavy imports happen inside them so that --help stays quick.

Exit codes: 0 fine · 1 ran, and the answer is no · 2 usage · 69 device or service unreachable · 70 internal ·
78 configuration error · 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agent.cli import (
    assess,
    calc,
    check,
    demo,
    import_,
    init,
    kpi,
    plan,
    report,
    run,
    schemes,
    status,
    verify,
)
from agent.software import version

app = typer.Typer(
    name="plantproof",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="测量车间并给出可复算的证据 / Measure a workshop and prove the figures. "
    "Exit codes: 0 fine, 1 the answer is no, 2 usage, 69 unreachable, 78 configuration, 130 interrupted.",
)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("check")(check.check)
app.command("schema")(init.schema)
app.command("run")(run.run)
app.command("status")(status.status)
app.command("plan")(plan.plan)
app.command("kpi")(kpi.kpi)
app.command("report")(report.report)
app.command("calc")(calc.calc)
app.command("import")(import_.import_)
app.command("schemes")(schemes.schemes)
app.command("assess")(assess.assess)
app.command("verify", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    verify.verify
)


def _print_version(value: bool) -> None:
    if value:
        print(f"plantproof {version()}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="版本 / version"),
    ] = False,
) -> None:
    """Hold the options of the whole program."""


def main() -> None:
    """Run the command line; text that a console cannot show never ends the program."""
    for stream in (sys.stdout, sys.stderr):
        # A redirected stdout of a Chinese Windows is GBK, which has no check mark.
        if not stream.isatty() and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()
