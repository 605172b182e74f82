import re
import subprocess
import sys
from pathlib import Path

import pytest

from reintegration.report.outputs import (
    FIGURES,
    PAGE_INPUTS,
    RESULTS,
    TABLES,
    numbered_tables,
)
from reintegration.report.provenance import ORIGINS

HEAVY = ("matplotlib", "seaborn", "pandas", "numpy", "jinja2")


def test_names_are_light_to_import():
    found = f"[module for module in {HEAVY} if module in sys.modules]"
    code = f"import sys, reintegration.report.outputs; print({found})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_result_has_an_origin_and_the_page_reads_all():
    assert set(ORIGINS) == set(RESULTS) == set(PAGE_INPUTS)
    assert len(set(FIGURES)) == len(FIGURES)
    assert len(set(TABLES)) == len(TABLES)


@pytest.mark.parametrize("name", sorted(ORIGINS))
def test_the_way_from_a_results_file_to_its_code_is_true(name, root: Path):
    origin = ORIGINS[name]
    rules = "\n".join(path.read_text("utf-8") for path in (root / "workflow/rules").glob("*.smk"))
    rule = re.search(rf"^rule {origin.rule}:\n(?:(?:[ \t].*)?\n)*", rules, flags=re.MULTILINE)
    assert rule, f"there is no rule {origin.rule}"
    assert f"results/{RESULTS[name]}" in rule[0]
    assert f"../scripts/{origin.rule}.py" in rule[0]
    function = origin.function.rpartition(".")[2]
    script = (root / origin.script).read_text("utf-8")
    assert re.search(rf"import .*\b{function}\b", script)
    assert re.search(rf"\b{function}\(", script)
    assert re.search(rf"^def {function}\(", (root / origin.module).read_text("utf-8"), re.MULTILINE)


def test_tables_are_numbered_in_the_order_in_which_the_page_shows_them(root: Path):
    template = (root / "src/reintegration/report/templates/study.html").read_text("utf-8")
    shown = re.findall(
        r"{{ tables(?:\.|\[\")(\w+)|id=\"table-(specifications)\"|(tables\[name\])", template
    )
    names = [first or second or "regression_extra" for first, second, _ in shown]
    declared = [{"id": "extra", "data": "surveys", "role": "exploratory"}]
    assert names == numbered_tables(declared)
