"""How the interviews were held and sent, and what went wrong with that.

Nothing of it changes an answer: it is what forms write down by themselves, rows that are no
surveys, and blanks that follow from other answers.
"""

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.simulation.world import World

# What each kind of file holds of it.
ASKED: dict[str, tuple[str, ...]] = {
    "kobo": ("submission_id", "interview_start", "interview_end"),
    "kobo_csv": ("submission_id", "interview_start", "interview_end"),
    "xlsx_codes": ("interview_minutes",),
    "stata": ("birth_year",),
    "codebook": ("birth_year",),
}
PROCESS = ("submission_id", "interview_start", "interview_end", "interview_minutes", "birth_year")
MINUTES = (25, 70)  # of an interview, from and below
SHORT = (1, 9)
TESTS = (  # how a test of the form looks: each in another identifier
    {"case_number": "TEST {:02d}"},
    {"person_name": "Essai Test"},
    {"location": "xxx"},
)
YEARS_OFF, DAYS_OFF = 30, 20


def with_process(
    rows: pd.DataFrame, world: World, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Add when each form was opened, sent and by whom; then the mistakes that a world plants.

    Parameters
    ----------
    rows
        All rows, with `file`, `fate`, and `copy` (place of a copy among its likes).
    """
    rows = rows.reset_index(drop=True)
    begun = rows["survey_date"].fillna(rows["return_date"])
    begun = begun + pd.to_timedelta(rng.integers(8 * 60, 17 * 60, len(rows)), unit="min")
    length = pd.to_timedelta(rng.integers(*MINUTES, len(rows)), unit="min")
    rows = rows.assign(
        submission_id=_uuids(len(rows), rng),
        interview_start=begun,
        interview_end=begun + length,
        birth_year=_birth_years(rows, codebook),
    )
    dirt = world.dirt
    clocks = _some(rows, world, "interview_start", dirt.short_interviews + dirt.wrong_clocks, rng)
    short, wrong = np.split(clocks, [dirt.short_interviews])
    end = rows.loc[short, "interview_start"] + pd.to_timedelta(
        rng.integers(*SHORT, len(short)), unit="min"
    )
    rows.loc[short, "interview_end"] = end
    backwards, late = wrong[::2], wrong[1::2]
    turned = rows.loc[backwards, ["interview_end", "interview_start"]].to_numpy()
    rows.loc[backwards, ["interview_start", "interview_end"]] = turned
    for name in ("interview_start", "interview_end"):
        rows.loc[late, name] = rows.loc[late, name] + pd.Timedelta(days=DAYS_OFF)
    lasted = (rows["interview_end"] - rows["interview_start"]).dt.total_seconds() / 60
    rows["interview_minutes"] = lasted.round()
    dated = rows[rows["birth_year"].notna()]
    torn = _some(dated, world, "birth_year", dirt.wrong_birth_years, rng)
    rows.loc[torn, "birth_year"] -= YEARS_OFF
    _leave_out(rows, world, rng, codebook)
    twice = _some(rows, world, "submission_id", dirt.resubmitted, rng)
    again = rows.loc[twice].assign(copy=2, fate="resubmitted")
    return pd.concat([rows, again, _tests(rows, world, rng)], ignore_index=True)


def _some(
    rows: pd.DataFrame, world: World, name: str, wanted: int, rng: np.random.Generator
) -> np.ndarray:
    """Labels of some surveys to be analysed, in files that hold a column of this name."""
    forms = {iso3.lower(): office.form for iso3, office in world.countries.items()}
    files = [file for file, form in forms.items() if name in ASKED.get(form, ())]
    here = rows["file"].isin(files) & (rows["fate"] == "analysed")
    return rng.permutation(rows.index.to_numpy(copy=True)[here])[:wanted]


def _uuids(n: int, rng: np.random.Generator) -> np.ndarray:
    """Numbers of submissions as forms make them."""
    words = rng.integers(0, 2**32, size=(n, 4), dtype=np.uint64)
    parts = [[f"{word:08x}" for word in row] for row in words.tolist()]
    return np.array([f"{a}-{b[:4]}-{b[4:]}-{c[:4]}-{c[4:]}{d}" for a, b, c, d in parts], object)


def _birth_years(rows: pd.DataFrame, codebook: Codebook) -> pd.Series:
    """Year of birth by the age at the returnee's first survey, missing where that is nonsense."""
    low, high = codebook.variables["age"].range or (-np.inf, np.inf)
    day = rows["survey_date"].fillna(rows["return_date"])
    first = day.groupby(rows["case_number"]).transform("min").fillna(day)
    return (first.dt.year - rows["age"]).where(rows["age"].between(low, high))


def _leave_out(
    rows: pd.DataFrame, world: World, rng: np.random.Generator, codebook: Codebook
) -> None:
    """Blank, in place, some answers that follow from the question before."""
    for name, item in codebook.items.items():
        if item.skipped is not None:
            here = (rows[name] == item.skipped) & (rows["fate"] == "analysed")
            places = np.flatnonzero(here.fillna(False).to_numpy(dtype=bool))
            rows.loc[rng.permutation(places)[: world.dirt.skipped_blank], name] = None


def _tests(rows: pd.DataFrame, world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Rows that somebody sent to try the form: answers of others, identifiers that say so."""
    good = rows.index[rows["fate"] == "analysed"].to_numpy()
    tests = rows.loc[rng.permutation(good)[: world.dirt.test_submissions]].assign(
        copy=3, fate="test_submission", submission_id=lambda t: _uuids(len(t), rng)
    )
    tests = tests.reset_index(drop=True)
    tests["case_number"] = [f"{c}-T-{i:05d}" for i, c in enumerate(tests["country"], 1)]
    for place in tests.index:
        for name, text in TESTS[place % len(TESTS)].items():
            tests.loc[place, name] = text.format(place)
    return tests
