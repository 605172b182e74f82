"""Numbers against R's: what agrees, what does not, and what is said of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from reintegration.audit import crosscheck as module
from reintegration.audit.code.compare import Found, compare, found_by_script
from reintegration.audit.code.facts import DataFile, kinds_of, look
from reintegration.audit.code.r import r_code
from reintegration.audit.code.r_fit import fitting
from reintegration.audit.code.r_limits import coded_otherwise
from reintegration.audit.crosscheck_words import OUT, disagrees, in_words, unfinished
from reintegration.cli import app
from reintegration.estimation.grammar import Term
from reintegration.estimation.specs import Specification, Vcov

ROWS = pd.DataFrame({"y": [1.0, 2, 4, 3], "x": [0.0, 1, 2, 3], "returnee_id": list("abcd")})
SPEC = Specification("s", "", "published", "surveys", "y", (Term(("x",)),), Vcov("HC1"))


def judged(ours=(0.5, 0.1), theirs=(0.5, 0.1), estimator="ols", **row) -> dict:
    spec = replace(SPEC, estimator=estimator)
    known = look(SPEC, ROWS, DataFile("data.csv", kinds_of(ROWS)))
    known = replace(known, spec=spec)
    found = Found("R 4.2.2", {("HC1", "x"): theirs}, {})
    mine = {"estimate_id": "s.x.hc1", "term": "x", "vcov": spec.vcov, "status": "ok"}
    mine |= {"estimate": ours[0], "std_error": ours[1], **row}
    [result] = compare(known, found, [mine])
    return result


@pytest.mark.parametrize(
    ("theirs", "estimator", "agrees"),
    [
        ((0.5, 0.1), "ols", "yes"),
        ((0.5 + 1e-10, 0.1), "ols", "yes"),
        ((0.5 + 1e-8, 0.1), "ols", "no"),  # 1e-7 of a standard error
        ((0.5, 0.1 * (1 + 1e-8)), "ols", "yes"),
        ((0.5, 0.1 * (1 + 1e-6)), "ols", "no"),
        ((0.5 + 1e-6, 0.1), "logit", "yes"),
        ((0.5 + 1e-4, 0.1), "logit", "no"),
        ((0.5, 0.1001), "logit", "no"),
    ],
)
def test_differences_are_measured_in_standard_errors(theirs, estimator, agrees):
    assert judged(theirs=theirs, estimator=estimator)["agrees"] == agrees


def test_an_estimate_of_zero_is_no_matter_of_its_own_size():
    assert judged((1e-17, 0.1), (-3e-16, 0.1))["agrees"] == "yes"
    assert judged((1e-17, 0.1), (2e-3, 0.1))["agrees"] == "no"


@pytest.mark.parametrize(
    ("terms", "other"),
    [
        ((("a", "x"), ("b", "x")), ["b:x"]),  # R: an earlier term contains x
        ((("x",), ("a", "x"), ("b", "x")), []),
        ((("a", "x"), ("b", "z")), []),
        ((("b", "x"), ("a", "z"), ("x",)), []),
    ],
)
def test_what_r_codes_by_another_rule_is_no_disagreement(terms, other):
    rows = ROWS.assign(a=list("uvuv"), b=list("ppqq"), z=[1.0, 3, 2, 5])
    spec = replace(SPEC, terms=tuple(Term(names) for names in terms), coding="")
    known = look(spec, rows, DataFile("data.csv", kinds_of(rows)))
    assert coded_otherwise(known) == other
    found = Found("R 4.2.2", {("HC1", "x"): (1.0, 1.0)}, {})
    mine = {"estimate_id": "s", "term": "a.u:x", "vcov": spec.vcov, "status": "ok"}
    if other:
        [row] = compare(known, found, [mine | {"estimate": 0.5, "std_error": 0.1}])
        assert (row["status"], row["agrees"]) == ("not_checked", "")
        assert "R codes b:x by contrasts" in row["reason"]
        assert "R codes b:x by contrasts" in fitting(known)


def test_a_planted_disagreement_is_loud():
    row = judged((0.5, 0.1), (0.5, 0.102))
    assert row["agrees"] == "no"
    assert row["rel_diff_std_error"] == pytest.approx(0.02)
    told = {name: str(value) for name, value in row.items()}
    assert disagrees([told])
    assert any(line.startswith("R DISAGREES: s.x.hc1") for line in in_words([told]))


@pytest.mark.parametrize(("theirs", "code"), [((0.5, 0.1), 0), ((0.5, 0.102), 1)])
def test_what_the_study_found_is_read_without_r(theirs, code, tmp_path):
    ask = ["crosscheck", "--folder", str(tmp_path), "--read"]
    nothing = CliRunner().invoke(app, ask)
    assert nothing.exit_code == 1
    assert "run `make study` first" in nothing.output
    out = tmp_path / OUT
    out.parent.mkdir(parents=True)
    pd.DataFrame([judged(theirs=theirs)]).to_csv(out, index=False)
    said = CliRunner().invoke(app, ask, env={"REINTEGRATION_R": ""})
    assert said.exit_code == code
    assert "Read:" in said.output
    assert ("R DISAGREES" in said.output) == bool(code)


def test_a_term_that_r_left_out_as_aliased_is_a_disagreement():
    row = judged(term="other", estimate_id="s.other.hc1")
    assert row["agrees"] == "no"
    assert "another column" in row["reason"]


def test_where_r_has_no_error_the_estimate_alone_is_compared():
    row = judged((0.5, 0.1), (0.5, np.nan))
    assert row["agrees"] == "yes"
    assert np.isnan(row["rel_diff_std_error"])
    assert "the estimate alone" in row["reason"]


def test_without_r_every_estimate_has_its_row_and_reason(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "installed", lambda: "")
    ours = pd.DataFrame(
        {"estimate_id": ["s.x.hc1"], "estimate": [0.7], "std_error": [0.2], "status": ["ok"]}
    )
    compared = module.crosscheck([SPEC], {"surveys": ROWS}, [ours], tmp_path)
    rows = compared.astype(object).where(compared.notna(), "").to_dict("records")
    assert [(r["status"], r["reason"]) for r in rows] == [("not_checked", "R is not installed")]
    assert unfinished(rows)
    assert not disagrees(rows)
    assert in_words(rows) == ["NOT CROSS-CHECKED: 1 estimate: R is not installed."]


def test_reasons_are_grouped_in_a_few_lines_without_numbers_of_a_single_case():
    said = "system is computationally singular: reciprocal condition number = 3.6e-17"
    found = pd.DataFrame(
        {
            "script": ["a.R", "b.R"],
            "engine": "R 4.2.2",
            "covariance": "CR2 by c",
            "problem": [said, said.replace("3.6e-17", "9.1e-17")],
        }
    )
    problems = {one.problems["CR2 by c"] for one in found_by_script(found).values()}
    assert problems == {"R cannot invert a matrix that this covariance needs (singular)"}
    reasons = [*problems] * 5 + ["p"] * 3 + ["q"] * 2 + ["r", "s"]
    rows = [{"status": "not_checked", "agrees": "", "reason": reason} for reason in reasons]
    told = " ".join(line.strip() for line in in_words(rows))
    assert [one.split()[0] for one in told.split("NOT CROSS-CHECKED: ")[1:]] == list("5322")
    assert "2 more for 2 other reason(s)" in told


def test_what_is_compared_by_the_estimate_alone_is_counted():
    row = {name: str(value) for name, value in judged((0.5, 0.1), (0.5, np.nan)).items()}
    assert in_words([row])[1].startswith("Of 1 the estimate alone is compared")


def test_what_one_cluster_alone_tells_has_no_cr3_in_the_script():
    spec = replace(SPEC, vcov=Vcov("CR3", "returnee_id"))
    script = r_code(look(spec, ROWS, DataFile("data.csv", kinds_of(ROWS))))
    assert 'V[["CR3 by returnee_id"]] <- cr3(model, d$returnee_id)' in script
    assert "error[none] <- NA" in script
    assert "cr3" not in r_code(look(SPEC, ROWS, DataFile("data.csv", kinds_of(ROWS))))
