"""The command line: one file per noun, gathered here."""

import typer

app = typer.Typer(no_args_is_help=True, add_completion=False, help="月报 Yuebao")
