"""A small folder of results with the columns that the study promises and numbers of no meaning."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from reintegration.audit.crosscheck import COLUMNS as CROSSCHECK
from reintegration.audit.marks import LEDGER_COLUMNS
from reintegration.config import load_config
from reintegration.estimation import results as columns
from reintegration.ingest.cleaning.account import rule_counts
from reintegration.report.outputs import RESULTS
from reintegration.studies.columns import COLUMNS
from reintegration.tables_io import read_csv, write_csv

ROOT = Path(__file__).resolve().parent.parent
SCORES = ["economic", "social", "psychosocial", "composite"]
TYPES = ["microbusiness", "training", "financial_services", "cash"]
PILOT = ["GIN", "MAR", "SEN"]
VCOV = {"vcov": "CR1S", "cluster_var": "returnee_id", "inference": "t"}
OK = {"status": "ok"}


def config(world: str | None = "worlds/demo.yaml", **changes: dict) -> dict:
    """The study's own configuration as a rule passes it, with sections changed by `changes`."""
    choices = load_config(ROOT / "config.yaml").model_dump(mode="json")
    choices["data"]["world"] = world
    for section, keys in changes.items():
        choices[section] |= keys
    return choices


class World:
    """Draws the tables of one made-up study."""

    def __init__(self, countries: list[str], follow_ups: bool, mentored: bool, seed: int):
        self.countries = countries
        self.follow_ups = follow_ups
        self.mentored = mentored
        self.rng = np.random.default_rng(seed)
        self.size = {code: int(self.rng.integers(40, 400)) for code in countries}
        self.size["all"] = sum(self.size.values())

    def estimate(self, center: float = 0.0, error: float = 0.01) -> dict:
        value = float(self.rng.normal(center, 0.03))
        return {
            "estimate": value,
            "std_error": error,
            "conf_low": value - 1.96 * error,
            "conf_high": value + 1.96 * error,
            "p_value": float(min(1.0, 2 * np.exp(-((value / error) ** 2) / 2))),
            "statistic": value / error,
        }

    def cells(self) -> list[str]:
        return [*self.countries, "all"]

    def flow(self) -> pd.DataFrame:
        n = self.size["all"]
        people, places = int(n * 0.7), len(self.countries)
        rows = [
            ("rows_read", n + 360, people + 90, 52, 0, ""),
            ("no_case_number", n + 350, people + 90, 52, 10, "no case number"),
            ("no_survey_date", n + 310, people + 80, 52, 40, "no usable interview date"),
            ("duplicate_survey", n + 210, people + 80, 52, 100, "same answers as another row"),
            ("country_not_studied", n + 10, people + 5, places, 200, "country not studied"),
            ("too_few_answers", n, people, places, 10, "too few answers"),
            ("analysed", n, people, places, 0, ""),
        ]
        names = ["step", "surveys", "returnees", "countries", "surveys_removed", "reason"]
        return pd.DataFrame(rows, columns=names)

    def rules_of_cleaning(self) -> pd.DataFrame:
        """What each rule did: much, little, or nothing."""
        log = pd.DataFrame(
            [
                (f"S{k}", "central", k, rule, change)
                for rule, change, n in (
                    ("unknown_answer", "blank_response", 1234),
                    ("skip_violation", "blank_response", 4),
                    ("no_survey_date", "remove_survey", 40),
                    ("no_case_number", "remove_survey", 10),
                    ("duplicate_survey", "remove_survey", 100),
                )
                for k in range(n)
            ],
            columns=["survey_id", "source", "row", "rule", "change_type"],
        )
        return rule_counts(log, pd.Series(dtype="str"))

    def sources(self) -> pd.DataFrame:
        rows = [("central", "central.csv", "used", "", self.size["all"], 3, self.size["all"] - 3)]
        rows.append(("bad", "bad.csv", "left_out", "the column q1 is missing", 0, 0, 0))
        names = ["source", "file", "status", "reason", "rows_read", "rows_rejected", "surveys"]
        return pd.DataFrame(rows, columns=names)

    def describe(self) -> pd.DataFrame:
        rows: list[dict] = []

        def add(topic, statistic, variable, answer, country, value, n, **more):
            parts = [statistic, variable, answer, country]
            rows.append(
                {
                    "estimate_id": ".".join(part for part in parts if part),
                    "topic": topic,
                    "variable": variable,
                    "answer": answer,
                    "country": country,
                    "statistic": statistic,
                    "estimate": value,
                    "conf_low": value - 0.02,
                    "conf_high": value + 0.02,
                    "n_obs": n,
                    "n_returnees": n,
                    **OK,
                    **more,
                }
            )

        for country in self.cells():
            n = self.size[country]
            add("sample", "n", "surveys", "", country, n, n)
            add("sample", "n", "returnees", "", country, int(n * 0.7), n)
            add("sample", "n", "follow_ups", "", country, int(n * 0.2), n)
            pilot = country in (*PILOT, "all") and self.mentored
            add("sample", "n", "mentored", "", country, 40 if pilot else 0, n)
            add("sample", "mean_returnees", "age", "", country, 27.0, n)
            for variable, answers in {
                "sex": ["man", "woman"],
                "stranded": ["yes"],
                "abroad_under_six_months": ["yes"],
                "return_decision": ["stranded", "detention", "change_of_mind", "other"],
                "returned_from": ["libya", "niger", "algeria", "europe", "other"],
            }.items():
                topic = "sample" if variable == "sex" else "migration"
                for answer in answers:
                    share = float(self.rng.uniform(0.1, 0.5))
                    given = round(share * n)
                    for name in ("share", "share_returnees"):
                        add(topic, name, variable, answer, country, share, n, returnees_with=given)
            for kind in TYPES:
                share = float(self.rng.uniform(0.1, 0.5))
                add("assistance", "share", f"assistance_{kind}", "yes", country, share, n,
                    returnees_with=round(share * n))  # fmt: skip
            for score in SCORES:
                value = float(self.rng.uniform(0.4, 0.7))
                add("scores", "mean", score, "", country, value, n)
                add("scores", "sd", score, "", country, 0.15, n)
            for item in range(1, 31):
                add("items", "mean", f"item_q{item}", "", country, float(self.rng.uniform()), n)
            shares = self.rng.dirichlet(np.ones(5) * 8)
            for answer, share in zip(
                ["very_good", "good", "fair", "poor", "very_poor"], shares, strict=True
            ):
                add("items", "share", "q22", answer, country, float(share), n,
                    returnees_with=round(share * n))  # fmt: skip
            add("shares", "share", "network_poor", "yes", country, float(shares[3:].sum()), n,
                returnees_with=round(shares[3:].sum() * n))  # fmt: skip
        add("sample", "n", "countries", "", "all", len(self.countries), self.size["all"])
        return pd.DataFrame(rows, columns=list(columns.DESCRIPTIVE_COLUMNS))

    def distributions(self) -> pd.DataFrame:
        rows = []
        for country in self.cells():
            for score in SCORES:
                draws = self.rng.beta(6, 4, size=self.size[country])
                counts, edges = np.histogram(draws, bins=20, range=(0, 1))
                base = {"country": country, "outcome": score, "n_obs": len(draws)}
                base |= {"n_returnees": len(draws), **OK}
                for low, high, value in zip(edges, edges[1:], counts, strict=False):
                    small = 0 < value < 5
                    rows.append({**base, "statistic": "count", "low": low, "high": high,
                                 "value": None if small else value,
                                 "status": "suppressed" if small else "ok"})  # fmt: skip
                for name, share in {"q25": 0.25, "median": 0.5, "q75": 0.75}.items():
                    rows.append({**base, "statistic": name, "value": np.quantile(draws, share)})
        return pd.DataFrame(rows, columns=list(columns.DISTRIBUTION_COLUMNS))

    def terms(self) -> list[dict]:
        one = len(self.countries) == 1
        country = [] if one else [
            {"term": f"country.{code}", "group": "country", "variable": "country", "level": code}
            for code in self.countries
        ]  # fmt: skip
        assistance = [
            {"term": kind, "group": "assistance", "variable": f"assistance_{kind}", "level": "1"}
            for kind in TYPES
        ]
        recorded = [
            {"term": "cash_not_recorded", "group": "assistance", "variable": "assistance_cash",
             "level": "not_recorded"}
        ]  # fmt: skip
        controls = [
            {"term": "age", "group": "controls", "variable": "age", "level": ""},
            {"term": "sex.woman", "group": "controls", "variable": "sex", "level": "woman"},
        ]
        return [*country, *assistance, *recorded, *controls]

    def estimates(self) -> pd.DataFrame:
        rows = []
        for spec, prefix in (("levels", ""), ("changes", "change_")):
            missing = spec == "changes" and not self.follow_ups
            for score in SCORES:
                outcome = prefix + score
                for term in self.terms():
                    label = "cr1s-returnee_id" if spec == "levels" else "hc3"
                    row = {
                        "estimate_id": f"{spec}.{outcome}.{term['term']}.{label}",
                        "spec_id": f"{spec}.{outcome}",
                        "outcome": outcome,
                        "scale": "score points",
                        "role": "published",
                        **VCOV,
                        "n_clusters": self.size["all"],
                        "n_obs": self.size["all"],
                        "n_returnees": self.size["all"],
                        "n_identifying": 50,
                        **term,
                        **OK,
                    }
                    if spec == "changes":
                        row |= {"vcov": "HC3", "cluster_var": "", "n_clusters": None}
                    if missing:
                        row |= {"status": "failed", "warnings": "no returnee has two surveys"}
                    else:
                        row |= self.estimate()
                    rows.append(row)
        return pd.DataFrame(rows, columns=list(columns.ESTIMATE_COLUMNS))

    def models(self) -> pd.DataFrame:
        frame = self.estimates().drop_duplicates("spec_id")
        keep = ["spec_id", "outcome", "n_obs", "n_returnees", "n_clusters", "status", "vcov",
                "cluster_var", "warnings"]  # fmt: skip
        return (
            frame[keep]
            .assign(r2=0.3, data_hash="abcdef", sample_id="123456")
            .reindex(columns=list(columns.MODEL_COLUMNS))
        )

    def specs(self) -> pd.DataFrame:
        rows = [
            {
                "spec_id": f"{spec}.{prefix}{score}",
                "title": "Scores on country and assistance received",
                "role": "published",
                "outcome": prefix + score,
                "formula": f"{prefix}{score} ~ country + assistance",
                "estimator": "ols",
                "vcov": "CR1S",
                "country_coding": "deviation",
            }
            for spec, prefix in (("levels", ""), ("changes", "change_"))
            for score in SCORES
        ]
        return pd.DataFrame(rows, columns=list(columns.SPEC_COLUMNS))

    def ranks(self) -> pd.DataFrame:
        rows = [
            {
                "estimate_id": f"rank.levels.{score}.{code}",
                "spec_id": f"levels.{score}",
                "outcome": score,
                "country": code,
                "rank": place,
                "rank_low": max(1, place - 2),
                "rank_high": min(len(self.countries), place + 2),
                "n_countries": len(self.countries),
                **OK,
            }
            for score in SCORES
            for place, code in enumerate(self.countries, start=1)
        ]
        return pd.DataFrame(rows, columns=list(columns.RANK_COLUMNS))

    def columns(self) -> pd.DataFrame:
        terms = [*((f"country.{code}", "country") for code in self.countries)]
        terms += [(kind, "assistance") for kind in TYPES]
        parts = ("total", "other_rows", "other_controls", "person", "time")
        rows = []
        for term, group in terms:
            shorter = "country_only" if group == "country" else "with_assistance"
            pair = f"{shorter}-levels"
            for part in parts:
                known = part in parts[:3]
                name = f"columns.levels.{pair}.composite.{term}.{part}.cr1s-returnee_id"
                ends = {"from_spec": f"{shorter}.composite", "to_spec": "levels.composite"}
                rows.append(
                    {
                        "estimate_id": name,
                        "comparison": pair,
                        "outcome": "composite",
                        "term": term,
                        "part": part if known else "group",
                        "group": "" if known else part,
                        **self.estimate(),
                        **VCOV,
                        "n_returnees": 900,
                        "n_identifying": 90,
                        "columns": "levels",
                        **ends,
                        "term_group": group,
                        "level": term.partition(".")[2],
                        **OK,
                    }
                )
        return pd.DataFrame(rows).reindex(columns=list(COLUMNS))

    def ledger(self) -> pd.DataFrame:
        shared = {"role": "robustness", "outcome": "composite", "formula": "composite ~ country"}
        marks = [
            ("levels.composite", "amended", "2026-03-01", "no", "controls: without age"),
            ("changes.change_composite", "as_planned", "2026-03-01", "no", ""),
            ("late.composite", "added_later", "", "", "frozen in no entry"),
            ("gone.composite", "withdrawn", "2026-03-01", "no", "not declared any more"),
        ]
        names = ("spec_id", "ledger", "frozen_on", "results_seen", "ledger_diff")
        rows = [{**shared, **dict(zip(names, row, strict=True))} for row in marks]
        return pd.DataFrame(rows).reindex(columns=list(LEDGER_COLUMNS))

    def refits(self) -> pd.DataFrame:
        ids = {"base": "", "person_equal": ".person_equal", "within": ".within_between"}
        rows = [
            {
                "outcome": score,
                "assistance": kind,
                "refit": refit,
                "estimate_id": f"levels.{score}{part}.{kind}.cr1s-returnee_id",
                "spec_id": f"levels.{score}{part}",
                **{key: value for key, value in self.estimate().items() if key != "statistic"},
                "n_obs": self.size["all"],
                "n_returnees": self.size["all"],
                "n_identifying": 90,
                "base_estimate_id": f"levels.{score}.{kind}.cr1s-returnee_id",
                **OK,
            }
            for score in SCORES
            for kind in TYPES
            for refit, part in ids.items()
        ]
        return pd.DataFrame(rows, columns=list(columns.REFIT_COLUMNS))

    def importance(self) -> pd.DataFrame:
        shares = {"country": 0.6, "assistance": 0.2, "person": 0.15, "time": 0.05}
        rows = [
            {
                "estimate_id": f"importance.levels.{score}.{group}",
                "spec_id": f"levels.{score}",
                "outcome": score,
                "group": group,
                "estimate": share,
                "conf_low": share - 0.03,
                "conf_high": share + 0.03,
                "r2": 0.3,
                **OK,
            }
            for score in SCORES
            for group, share in shares.items()
        ]
        return pd.DataFrame(rows, columns=list(columns.IMPORTANCE_COLUMNS))

    def orion(self) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        effects, means, changes = [], [], []
        cells = [*[code for code in PILOT if code in self.countries], "all"]
        bad = not (self.follow_ups and self.mentored)
        failed = {"status": "failed", "warnings": "no mentored returnee has two surveys"}
        hc3 = {"vcov": "HC3", "inference": "t"}
        for country in cells:
            for score in SCORES:
                for method in ("last", "change", "adjusted"):
                    for comparator in ("same_countries", "all_countries"):
                        if comparator == "all_countries" and country != "all":
                            continue
                        found = self.estimate(0.04)
                        found.pop("statistic")
                        name = f"orion.{method}.{comparator}.{score}.{country}.hc3"
                        effects.append(
                            {
                                "estimate_id": name,
                                "spec_id": f"orion.{method}.{comparator}.{score}",
                                "method": method,
                                "comparator": comparator,
                                "outcome": score,
                                "country": country,
                                "effect_size": 0.2,
                                "n_mentored": 40,
                                "n_other": 300,
                                **hc3,
                                **OK,
                                **(failed if bad else found),
                            }
                        )
                for group in ("mentored", "others"):
                    base = {"group": group, "outcome": score, "country": country}
                    base |= {"n_returnees": 40, **hc3, **OK}
                    found = self.estimate(0.02)
                    found.pop("statistic")
                    name = f"orion_change.{group}.{score}.{country}.hc3"
                    changes.append({"estimate_id": name, **base, **(failed if bad else found)})
                    for survey in ("first", "last"):
                        found = self.estimate(0.55)
                        for key in ("statistic", "p_value"):
                            found.pop(key)
                        name = f"orion_mean.{group}.{survey}.{score}.{country}.hc3"
                        found = failed if bad else found
                        means.append({"estimate_id": name, "survey": survey, **base, **found})
        return (
            pd.DataFrame(effects, columns=list(columns.EFFECT_COLUMNS)),
            pd.DataFrame(means, columns=list(columns.MEAN_COLUMNS)),
            pd.DataFrame(changes, columns=list(columns.CHANGE_COLUMNS)),
        )

    def trends(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        slopes, lines = [], []
        for code in self.countries:
            for score in SCORES:
                for method in ("pooled", "within"):
                    found = self.estimate(0.02, 0.015)
                    value = found.pop("estimate")
                    found |= {"slope_per_year": value}
                    for kind, prefix in {"slope": "trend", "deviation": "trend_deviation"}.items():
                        row = {
                            "estimate_id": f"{prefix}.{method}.{score}.{code}.cr1s-returnee_id",
                            "spec_id": f"trend.{method}.{score}",
                            "country": code,
                            "outcome": score,
                            "method": method,
                            "kind": kind,
                            "n_obs": self.size[code],
                            "n_returnees": self.size[code],
                            **VCOV,
                            **OK,
                        }
                        bad = method == "within" and not self.follow_ups
                        failed = {"status": "failed", "warnings": "no returnee has two surveys"}
                        slopes.append({**row, **(failed if bad else found)})
                    if bad:
                        continue
                    for month in range(0, 25, 6):
                        fitted = 0.55 + value * month / 12
                        lines.append(
                            {
                                "country": code,
                                "outcome": score,
                                "method": method,
                                "months_since_return": month,
                                "fitted": fitted,
                                "conf_low": fitted - 0.02,
                                "conf_high": fitted + 0.02,
                                "band": "pointwise",
                                "n_returnees": self.size[code],
                            }
                        )
        return (
            pd.DataFrame(slopes, columns=list(columns.SLOPE_COLUMNS)),
            pd.DataFrame(lines, columns=list(columns.LINE_COLUMNS)),
        )

    def claims(self) -> pd.DataFrame:
        rows = [
            ("stranded", 1, "27% had been stranded.", "", "share_near", "27%", "0.27 [0.25, 0.29]",
             "share.stranded.yes.all", "holds", "yes", "The interval meets 27%."),
            ("trust", 7, "Trust in mentors is high.", "", "not_testable", "high", "", "",
             "not_testable", "no", "The survey does not ask."),
        ]  # fmt: skip
        names = ["claim_id", "message", "claim_en", "claim_fr", "test", "published", "computed",
                 "estimate_ids", "verdict", "planted", "reason"]  # fmt: skip
        return pd.DataFrame(rows, columns=names)

    def crosscheck(self) -> pd.DataFrame:
        """R agrees with one estimate, was not asked for another, and one model has no R."""
        name, engine = "levels.composite", "R 4.2.2 with sandwich 3.0-2"
        common = {"spec_id": name, "estimator": "ols"}
        rows = [
            {"estimate_id": f"{name}.sex.woman.cr1s-returnee_id", "engine": engine,
             "estimate": 0.01, "std_error": 0.004, "diff_in_std_errors": 2e-10,
             "rel_diff_std_error": 0.0, "agrees": "yes", "ours": 0.01, "ours_std_error": 0.004,
             "status": "checked", "reason": "", "vcov": "CR1S by returnee_id", **common},
            {"estimate_id": f"{name}.sex.woman.cr2-returnee_id", "engine": "", "ours": 0.01,
             "ours_std_error": 0.004, "status": "not_checked", "reason": "too expensive",
             "agrees": "", "vcov": "CR2 by returnee_id", **common},
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(CROSSCHECK))

    def rows(self) -> pd.DataFrame:
        rows = [
            {"spec_id": "levels.composite", "outcome": "composite", "country": code,
             "step": "used", "reason": "", "rows": self.size[code], "returnees": self.size[code]}
            for code in self.countries
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=list(columns.ROW_COLUMNS))


def make_results(
    folder: Path,
    countries: list[str] | None = None,
    follow_ups: bool = True,
    mentored: bool = True,
    seed: int = 3,
) -> dict[str, Path]:
    """Write every file of results that the report reads; returns them by name."""
    world = World(countries or ["GIN", "SEN", "MAR", "CIV", "ETH"], follow_ups, mentored, seed)
    effects, means, changes = world.orion()
    slopes, lines = world.trends()
    frames = {
        "flow": world.flow(),
        "rules": world.rules_of_cleaning(),
        "sources": world.sources(),
        "descriptives": world.describe(),
        "distributions": world.distributions(),
        "specs": world.specs(),
        "estimates": world.estimates(),
        "models": world.models(),
        "rows": world.rows(),
        "ranks": world.ranks(),
        "importance": world.importance(),
        "refits": world.refits(),
        "columns": world.columns(),
        "ledger": world.ledger(),
        "effects": effects,
        "means": means,
        "orion_changes": changes,
        "slopes": slopes,
        "lines": lines,
        "claims": world.claims(),
        "crosscheck": world.crosscheck(),
    }
    files = {name: folder / path for name, path in RESULTS.items()}
    for name, path in files.items():
        write_csv(frames[name], path)
    return files


def make_audit(folder: Path, files: dict[str, Path], words: str = "plain") -> dict[str, Path]:
    """Write passports, a comparison with R and code for made-up results, of the promised form.

    `words` stands wherever a passport holds text of others: titles, warnings, names, code.
    """
    specs = read_csv(files["specs"]).to_dict("records")
    estimates = read_csv(files["estimates"]).to_dict("records")
    passports = {
        "run": {"software": {"pandas": "3.0"}, "commit": "abc", "changed_files": False,
                "code": {"report": words}, "seed": 7, "data": {"surveys": "123"}},
        "specifications": {
            spec["spec_id"]: specification_passport(spec, words) for spec in specs
        },
        "estimates": {
            row["estimate_id"]: estimate_passport(row, place, words)
            for place, row in enumerate(estimates)
        },
    }  # fmt: skip
    made = {
        "passports": folder / "passports.json",
        "crosscheck": folder / "crosscheck.csv",
        "code": folder / "code",
    }
    if "claims" in files:
        made["claims"] = files["claims"]
    made["code"].mkdir(parents=True, exist_ok=True)
    made["passports"].write_text(json.dumps(passports), encoding="utf-8")
    for spec in specs:
        for ending in ("R", "do"):
            (made["code"] / f"{spec['spec_id']}.{ending}").write_text(
                f"{ending}: {words}\n", "utf-8"
            )
    checked = [
        {"estimate_id": row["estimate_id"], "engine": f"R {words}", "estimate": row["estimate"],
         "std_error": row["std_error"], "diff_in_std_errors": 1e-9, "rel_diff_std_error": 2e-9,
         "agrees": "no" if place else "yes", "ours": row["estimate"],
         "ours_std_error": row["std_error"], "reason": words}
        for place, row in enumerate(estimates[:40])
    ]  # fmt: skip
    write_csv(pd.DataFrame(checked), made["crosscheck"])
    return made


def specification_passport(spec: dict, words: str) -> dict:
    """All that a passport can say of a specification."""
    return {
        **{key: spec[key] for key in ("title", "role", "outcome", "formula", "estimator")},
        "data": "surveys", "sample": f"all surveys {words}", "written": f"id: levels # {words}\n",
        "declared_in": "config.yaml: specifications.levels",
        "expanded": {"terms": ["country", words], "controls": [], "vcovs": ["CR1S"]},
        "spec_hash": "aaaa", "sample_id": "bbbb", "data_hash": "cccc", "status": "ok",
        "reason": "", "warnings": [words],
        "rows": [
            {"country": code, "read": 120, "used": 100, "returnees": 60,
             "excluded": [{"reason": f"missing: {words}", "rows": 20, "returnees": "<5"}]}
            for code in ("all", "GIN")
        ],
        "columns": [{"name": f"column {words}", "variable": "age", "vif": 1.25}],
        "dropped": [{"column": words, "explained_by": ["age", words]}],
        "clusters": [
            {"variable": "returnee_id", "n": 60, "largest_share": 0.03, "named": None,
             "sizes": {"min": 1, "p25": 1, "median": 2, "p75": 2, "max": 4}},
            {"variable": "country", "n": 2, "largest_share": 0.6, "named": {"GIN": 60, "SEN": 40},
             "sizes": {"min": 40, "p25": 45, "median": 50, "p75": 55, "max": 60}},
        ],
        "model": {"n_obs": 100, "n_returnees": 60, "n_columns": 9, "df_resid": 91, "r2": 0.3},
        "diagnostics": [
            {"name": "RESET", "statistic": 1.2, "df": 2, "p_value": 0.3, "says": words}
        ],
        "leverage": {"max": 0.2, "mean": 0.09, "high_rows": 3, "exact_rows": 0},
        "singletons": {"returnees_once": 20, "returnees_repeated": 40, "rows_alone_in_effect": 0},
    }  # fmt: skip


def estimate_passport(row: dict, place: int, words: str) -> dict:
    """All that a passport can say of an estimate."""
    value, error = row["estimate"], row["std_error"]
    return {
        "file": "models/estimates.csv", "line_key": {"estimate_id": row["estimate_id"]},
        **{key: row[key] for key in ("spec_id", "term", "contrast", "group", "outcome")},
        "kind": "regression", "estimate": value, "std_error": error, "vcov_label": f"CR1S {words}",
        "status": row["status"], "reason": "", "warnings": [words],
        "covariances": [
            {"estimate_id": row["estimate_id"] if label == "CR1S" else "",
             "label": f"{label} {words}",
             "std_error": error, "df": 50, "p_value": 0.2, "conf_low": row["conf_low"],
             "conf_high": row["conf_high"], "status": "ok", "reason": ""}
            for label in ("CR1S", "HC3", "CR2")
        ],
        "says": words, "compared": words,
        "adjusted": {"p_adjusted": 0.025, "method": "Holm", "family": words, "members": 44,
                     "p_bh": 0.01},
        "fewer_controls": {"says": words, "columns": [
            {"specification": words, "estimate_id": row["estimate_id"], "estimate": value,
             "n_obs": 100, "parts": [
                {"estimate_id": words, "part": "group", "group": words, "estimate": 0.01,
                 "std_error": error, "p_value": 0.2, "conf_low": 0, "conf_high": 0.1,
                 "status": "ok"}]}]},
        "identified_by": {
            "returnees": 60, "clusters": {"country": {"carrying": 2, "effective": 1.8}}
        },
        "influence": {
            "leave_one_country_out": [
                {"country": code, "estimate": value + 0.01, "change_in_std_errors": 0.4}
                for code in ("GIN", "SEN")
            ],
            "leave_one_cluster_out": [
                {"variable": words, "label": "", "estimate": value, "change_in_std_errors": 0.1}
            ],
            "dfbetas": [{"position": place, "dfbetas": 0.11}],
        },
    }  # fmt: skip
