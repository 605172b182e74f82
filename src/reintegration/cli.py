"""`reintegration ...`: the study as a whole, and what is not a step of it."""

import shutil
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from reintegration.errors import StudyError

app = typer.Typer(
    help="Reruns the comparative study of returnees' reintegration.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _say(line: str) -> None:
    typer.echo(line)


def _in_words(command: Callable[..., None]) -> Callable[..., None]:
    """End a command with one message and code 1 where a person must mend something."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except StudyError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("Stopped. The next run goes on from here.", err=True)
            raise typer.Exit(130) from None

    return wrapped


@app.command()
@_in_words
def study(
    cores: Annotated[int, typer.Option(min=1, help="Steps run at the same time.")] = 2,
    folder: Annotated[Path, typer.Option(help="Folder of Snakefile and config.yaml.")] = Path(),
) -> None:
    """Run the study of config.yaml: what has changed since the last run, and no more."""
    from reintegration.runner import run_study

    run_study(folder.resolve(), cores, _say)


@app.command()
@_in_words
def check(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names of sources; all when none is named.")
    ] = None,
    config: Annotated[Path, typer.Option(help="Configuration of the study.")] = Path("config.yaml"),
    html: Annotated[Path | None, typer.Option(help="Page to write the report to.")] = None,
    fail_on: Annotated[
        Literal["error", "row", "cell", "flag"],
        typer.Option(help="Exit with code 1 when something is as bad as this, or worse."),
    ] = "error",
) -> None:
    """Say everything that is wrong with sources, with rows and what to do, and run nothing."""
    from reintegration.ingest.check import check_study
    from reintegration.report.check import lines, write_page

    report = check_study(config, sources or ())
    for line in lines(report, shutil.get_terminal_size().columns):
        _say(line)
    if html is not None:
        write_page(report, html)
        _say(f"Open: {html}")
    if report.fails(fail_on):
        raise typer.Exit(1)


@app.command()
@_in_words
def simulate(
    world: Annotated[Path, typer.Option(help="The planted truth, as YAML.")],
    out: Annotated[Path, typer.Option(help="Folder for raw files, mappings and truth.")],
) -> None:
    """Make raw files as country offices send them, from a world whose truth is planted."""
    from reintegration.simulation.plant import run_plant
    from reintegration.simulation.run import run_simulate

    run_simulate(world, out)
    run_plant(world, out)
    _say(f"{out}: raw files in raw/, mappings in sources/, the truth in truth/.")


@app.command()
@_in_words
def docs(
    folder: Annotated[Path, typer.Option(help="Folder of the checkout.")] = Path(),
) -> None:
    """Write what is generated from the configuration's classes: JSON schema and reference."""
    from reintegration.reference import write_reference

    for path in write_reference(folder):
        _say(f"wrote {path}")
