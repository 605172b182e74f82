# The study, from raw files to the report: its table of contents.
# `make study` sets up, runs this and says what came out; `snakemake` alone works as well.
import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.20")

# The package beside this file is the one that runs, here and in every script.
HERE = Path(workflow.basedir)
sys.path.insert(0, str(HERE / "src"))

from reintegration.errors import StudyError
from reintegration.plan import make_plan
from reintegration.rerun import code_hash
from reintegration.runner import environment

os.environ.update(environment(root=HERE), PYTHONPATH=str(HERE / "src"))
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# `script:` puts the interpreter's path unquoted into a shell command.
sys.executable = shlex.quote(sys.executable)


configfile: "config.yaml"


# A wrong choice stops here, before any work.
try:
    PLAN = make_plan(config, Path())
except StudyError as error:
    raise WorkflowError(str(error)) from None
CONFIG = PLAN.config


wildcard_constraints:
    source="[A-Za-z0-9][A-Za-z0-9_-]*",


include: "workflow/rules/simulate.smk"
include: "workflow/rules/ingest.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/estimation.smk"
include: "workflow/rules/columns.smk"
include: "workflow/rules/ledger.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/crosscheck.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/rerun.smk"


rule all:
    default_target: True
    input:
        "reports/study.html",
        "results/audit/passports.json",
        "reports/audit.html",
        "results/audit/uses.csv",
        "results/audit/crosscheck.csv",
