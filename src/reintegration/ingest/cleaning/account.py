"""What each rule did: surveys flagged, changed and left out, counted from the log."""

import numpy as np
import pandas as pd

from reintegration.config import Cleaning

COUNTS = ["estimate_id", "rule", "done", "estimate", "n_returnees", "lines", "status"]
DONE = ("flagged", "changed", "removed")
_DONE_BY = {"no_action": "flagged", "remove_survey": "removed"}  # all else changes a cell
# Reasons under which a rule of the configuration takes a row out, where they are named otherwise.
_RULE_OF = dict.fromkeys(("no_survey_date", "survey_before_return"), "impossible_date")


def rule_counts(log: pd.DataFrame, returnees: pd.Series) -> pd.DataFrame:
    """Count the surveys that each rule touched.

    Parameters
    ----------
    log
        The cleaning log of all sources.
    returnees
        returnee_id by survey_id.

    Returns
    -------
    pandas.DataFrame
        A row per rule and what was done, `COUNTS`: `estimate` counts surveys, `lines` those of
        the log. Rules of the configuration are there even if they did nothing; the others, which
        hold always, if they did something.
    """
    place, ids = pd.factorize(log["survey_id"])
    owners = returnees.reindex(pd.Index(ids, dtype="str"))
    owner = pd.factorize(owners.where(owners.notna(), owners.index))[0]
    survey = pd.factorize(log["source"])[0] * (log["row"].max() + 1) + log["row"]
    rules = log["rule"].astype("category")
    done = log["change_type"].astype("category")
    touched = pd.DataFrame(
        {
            "rule": rules.map(lambda rule: _RULE_OF.get(rule, rule)).astype("category"),
            "done": done.map(lambda kind: _DONE_BY.get(kind, "changed")).astype("category"),
            "survey": survey.astype("int64"),
            "returnee": np.append(owner, -1)[place],
        }
    )
    always = [rule for rule in touched["rule"].unique() if rule not in Cleaning.rules()]
    grid = pd.MultiIndex.from_product([[*Cleaning.rules(), *always], DONE], names=["rule", "done"])
    by_rule = touched.groupby(["rule", "done"])
    counts = {
        "estimate": by_rule["survey"].nunique(),
        "n_returnees": by_rule["returnee"].nunique(),
        "lines": by_rule.size(),
    }
    table = pd.DataFrame(counts).reindex(grid).fillna(0).astype("int64").reset_index()
    names = "cleaning." + table["rule"] + "." + table["done"]
    return table.assign(estimate_id=names, status="ok")[COUNTS]
