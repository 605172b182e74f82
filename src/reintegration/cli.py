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

LINES_WAIT = 3  # exit code of add-source when a person must confirm something


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


@app.command("add-source")
@_in_words
def add_source(
    file: Annotated[Path, typer.Argument(help="The file of a country office.")],
    country: Annotated[
        str | None,
        typer.Option(help="ISO 3166-1 alpha-3 code of all rows; none when a column holds it."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the source; else the file's.")] = None,
    form: Annotated[Path | None, typer.Option(help="XLSForm by which it was collected.")] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="What you decide; may be repeated: NAME=COLUMN, NAME= when it was not asked, "
            '"NAME:ANSWER=CODE" for what an answer means, "NAME:ANSWER=" when it means nothing.'
        ),
    ] = None,
    config: Annotated[Path, typer.Option(help="Configuration of the study.")] = Path("config.yaml"),
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Write its YAML anew, keeping what was confirmed; a new version of the file "
            "takes the old one's place.",
        ),
    ] = False,
    file_format: Annotated[
        str | None, typer.Option("--format", help="When the extension does not say it.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    header_row: Annotated[
        int | None, typer.Option(min=1, help="Row of the column names, from 1.")
    ] = None,
    label_row: Annotated[
        int | None, typer.Option(min=1, help="Row of the questions' texts, from 1.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, latin-1, ...")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Of a CSV file.")] = None,
    date_order: Annotated[str | None, typer.Option(help="dmy, mdy, ymd or mixed.")] = None,
) -> None:
    """Propose how a new file maps to the codebook, and write its source YAML.

    Ends with code 0 when everything is sure, and 3 when lines wait to be confirmed.
    """
    from reintegration.ingest.propose.add import add_source as add
    from reintegration.ingest.propose.screen import lines

    added = add(
        file,
        config,
        country,
        name,
        form,
        accept or (),
        replace,
        format=file_format,
        sheet=sheet,
        header_row=header_row,
        label_row=label_row,
        encoding=encoding,
        delimiter=delimiter,
        date_order=date_order,
    )
    for line in lines(added, shutil.get_terminal_size().columns):
        _say(line)
    if added.proposal.source.unsure:
        raise typer.Exit(LINES_WAIT)


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
def swap(
    before: Annotated[Path, typer.Argument(help="Results of the earlier study: a folder.")],
    after: Annotated[Path, typer.Argument(help="Results of the later study: a folder.")],
    out: Annotated[Path, typer.Option(help="Folder for swap.csv and swap.html.")] = Path("swap"),
    folder: Annotated[Path, typer.Option(help="Folder of config.yaml.")] = Path(),
) -> None:
    """Say what differs between two studies: rows, countries, scores, claims, every estimate."""
    from reintegration.report.swap import compare_folders

    for line in compare_folders(before, after, out, folder):
        _say(line)


@app.command()
@_in_words
def compare(
    before: Annotated[Path, typer.Argument(help="Results of one run: a folder.")],
    after: Annotated[Path, typer.Argument(help="Results of another run: a folder.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write compare.csv into.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print compare.csv instead of words.")] = False,
) -> None:
    """Say which estimates moved, appeared or vanished between two runs, and why."""
    from reintegration.audit.compare_runs import as_csv, in_words, run_compare

    compared = run_compare(before, after, out)
    if csv:
        typer.echo(as_csv(compared), nl=False)
        return
    for line in in_words(compared):
        _say(line)
    if out is not None:
        _say(f"Written: {out / 'compare.csv'}")


@app.command()
@_in_words
def explain(
    estimate_id: Annotated[
        str, typer.Argument(help="Id of a number; or a spec_id, or a claim_id.")
    ],
    folder: Annotated[Path, typer.Option(help="Folder of the study, or of its results.")] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Long lists in full.")] = False,
) -> None:
    """Show the passport of a number: rows, formula, errors, diagnostics, influence, uses."""
    import json

    from reintegration.audit.explain import explain as find
    from reintegration.audit.explain_text import lines

    found = find(estimate_id, folder)
    if as_json:
        _say(json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True))
        return
    for line in lines(found, shutil.get_terminal_size((100, 24)).columns, everything):
        _say(line)


@app.command()
@_in_words
def decisions(
    folder: Annotated[Path, typer.Option(help="Folder of config.yaml.")] = Path(),
) -> None:
    """Write the files in which a researcher decides by hand, where there are none."""
    from reintegration.ingest.decisions import write_templates
    from reintegration.plan import read_plan

    place = read_plan(folder / "config.yaml").decisions.folder
    for path in write_templates(folder / place):
        _say(f"wrote {path}")
    _say(f"{place}: docs/how-to/decisions.md says how to fill them in.")


@app.command()
@_in_words
def fit(
    spec: Annotated[Path, typer.Option(help="One specification or a list of them, as YAML.")],
    data: Annotated[Path, typer.Option(help="Table to fit to: CSV or Parquet.")],
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    missing: Annotated[
        list[str] | None,
        typer.Option(help="Text that stands for a missing cell, beside the empty cell: NA."),
    ] = None,
    code: Annotated[
        Path | None, typer.Option(help="Folder for the same regressions in R and in Stata.")
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option(help="Table of the regressions to write: .csv, .tex, .html, .docx or .xlsx."),
    ] = None,
) -> None:
    """Fit regressions to any table, with the code the study uses."""
    from reintegration.estimation.fit_table import in_words, run_fit

    if table is not None:
        from reintegration.report.tables.standalone import check_name, write_fit_table

        check_name(table)
    results = run_fit(spec, data, out, missing or ())
    if table is not None:
        write_fit_table(results, table, data, out)
    if code is not None:
        from reintegration.audit.code.files import table_code

        table_code(spec, data, code, missing or ())
    for result in results:
        reason = f": {result['reason']}" if result["reason"] else ""
        _say(f"{result['spec_id']}: {result['status']}{reason}")
        for line in in_words(result):
            _say(line)
    _say(f"Written: {out}")
    if table is not None:
        _say(f"As a table: {table}")
    if code is not None:
        _say(f"In R and Stata: {code}")


@app.command()
@_in_words
def freeze(
    folder: Annotated[Path, typer.Option(help="Folder of config.yaml.")] = Path(),
    by: Annotated[str | None, typer.Option(help="Who freezes; else git's user.name.")] = None,
    note: Annotated[str, typer.Option(help="What is to be said of it.")] = "",
    results_seen: Annotated[
        Literal["yes", "no"] | None,
        typer.Option(help="Whether results were seen; else whether there are any here."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check the ledger, and add nothing.")
    ] = False,
    holds: Annotated[
        str | None, typer.Option(help="With --verify: hash of an entry that must be there.")
    ] = None,
) -> None:
    """Lock the specifications of config.yaml in the ledger, or verify what was locked."""
    from reintegration.audit import freeze as locking

    if verify:
        lines = locking.verify(folder, holds)
    else:
        seen = None if results_seen is None else results_seen == "yes"
        lines = locking.freeze(folder, by, note, seen)
    for line in lines:
        _say(line)


@app.command()
@_in_words
def specs(
    spec_id: Annotated[
        str | None, typer.Argument(help="One specification, or an entry of config.yaml, in full.")
    ] = None,
    config: Annotated[Path, typer.Option(help="Configuration of the study.")] = Path("config.yaml"),
    where: Annotated[
        str | None, typer.Option(help='Those to list: "role == published and data == surveys".')
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Columns to show, with commas between them.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(help="File to write them to, with the columns of specs.csv.")
    ] = None,
) -> None:
    """List every regression of the study before anything is fitted."""
    from reintegration.report import specs as listing

    listed = listing.list_specifications(config)
    width = shutil.get_terminal_size().columns
    rows = listing.select(listed.rows, where)
    if spec_id is not None:
        found = listing.find(listed, spec_id)
        rows = rows[rows["spec_id"].isin([one.spec_id for one in found])]
        if len(rows) == 1:
            for line in listing.in_full(found[0], listed, width):
                _say(line)
    if spec_id is None or len(rows) != 1:
        shown = [name.strip() for name in columns.split(",")] if columns else listing.SHOWN
        for line in listing.lines(rows, shown, width, len(listed.rows)):
            _say(line)
    if listed.choices.study.countries == "all":
        _say(
            "Not listed: a trendline for each country. study.countries is `all`, so the data will"
            " say which they are; then they stand in results/models/specs.csv."
        )
    if csv is not None:
        listing.write(listed, list(rows["spec_id"]), csv, config.parent)
        _say(f"Written: {csv}")


@app.command()
@_in_words
def crosscheck(
    folder: Annotated[Path, typer.Option(help="Folder of config.yaml and results/.")] = Path(),
    need_r: Annotated[
        bool,
        typer.Option("--need-r", help="Fail also where R gave no number."),
    ] = False,
    read: Annotated[
        bool,
        typer.Option("--read", help="Say what the study's own run found; R is not called again."),
    ] = False,
) -> None:
    """Fit every regression of the study again in R, and compare; code 1 where R disagrees."""
    from reintegration.audit.crosscheck_words import OUT, disagrees, in_words, read_rows, unfinished

    if not read:
        from reintegration.audit.crosscheck import check_folder

        check_folder(folder)
    rows = read_rows(folder)
    for line in in_words(rows):
        _say(line)
    _say(f"{'Read' if read else 'Written'}: {folder / OUT}")
    if disagrees(rows) or (need_r and unfinished(rows)):
        raise typer.Exit(1)


@app.command()
@_in_words
def docs(
    folder: Annotated[Path, typer.Option(help="Folder of the checkout.")] = Path(),
) -> None:
    """Write what is generated from the configuration's classes: JSON schema and reference."""
    from reintegration.reference import write_reference

    for path in write_reference(folder):
        _say(f"wrote {path}")
