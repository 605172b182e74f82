"""Raw rows before they are written: every survey of every office, with what is wrong in it.

Cells hold codebook codes and dates; a cell whose raw text is to be nonsense starts with
`NONSENSE`. How they are written (language, codes, date order) is the matter of `forms`.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook
from reintegration.simulation.answers import answers_before
from reintegration.simulation.population import Population, draw
from reintegration.simulation.process import with_process
from reintegration.simulation.world import CENTRAL, Office, World

NONSENSE = "?"
# Invented, so that a test can look for them in results: none is a word of any table.
GIVEN = ("Zanoro", "Kelvane", "Mirdou", "Tovika", "Balzéma", "Orfissa", "Yundré", "Quenavo")
FAMILY = ("Vrandolé", "Kassimbrou", "Tchelvo", "Ompridé", "Zoungarel", "Fadrissou", "Blékanto")
PLACES = ("Karbéla", "Domvouri", "Tassimane", "Grélako", "Wondabi", "Fézoury")
WRONG_DATES = ("31/02/2019", "00/00/2019", "29/02/2019", "15/06/1900", "99/99/9999")
DIFFERS_CENTRALLY = 0.03  # of surveys in both files: one answer differs in the central one
ANSWERED_WHEN_BLANK = 6  # items answered in a survey that is mostly blank


def raw_rows(
    world: World, population: Population, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Rows of all raw files together, in file order: column `file` names the source.

    The surveys of the population are all there, readable. What is added is to be found and
    left out by whoever cleans: copies, surveys elsewhere or outside the period, and surveys
    that are damaged beyond use.
    """
    study = _identified(_survey_rows(population, codebook), "", rng)
    study["fate"] = "analysed"
    study = _spoil_cells(study, world, rng, codebook)
    study = _assign_files(study, world, rng, codebook)
    rest = _rest(world, rng, codebook)
    rows = pd.concat([study, rest], ignore_index=True)
    rows["position"] = rows["survey_date"].fillna(rows["return_date"]).astype("int64")
    rows["copy"] = 0
    rows = _with_copies(rows, world, rng, codebook)
    # What was added later draws from a stream of its own, and leaves all others as they were.
    rows = with_process(rows, world, rng.spawn(1)[0], codebook)
    first = rows["file"] != CENTRAL
    rows = rows.assign(first=first).sort_values(
        ["first", "file", "position", "case_number", "copy"], kind="stable", ignore_index=True
    )
    return rows.drop(columns=["position", "copy", "first"])


def _survey_rows(population: Population, codebook: Codebook) -> pd.DataFrame:
    """One row per survey, with the returnee's file as it stands when the data are exported."""
    surveys = population.surveys
    persons = population.persons.set_index("returnee_id").loc[surveys["returnee_id"]]
    persons = persons.reset_index()
    rows = surveys[
        [
            *["survey_id", "returnee_id", "country", "survey_date", "return_date"],
            *["mode", "language", "sex", "age", "dependants", "months_abroad", "returned_from"],
            *["stranded", "return_decision", "school_age_children", *codebook.items],
        ]
    ].copy()
    rows["place"] = persons["location_index"]
    rows["round"] = np.where(surveys["round"] == 1, "baseline", "follow_up")
    new: dict[str, pd.Series] = {}
    for kind in codebook.assistance:
        if f"date_{kind}" in persons:
            date = persons[f"date_{kind}"].astype("datetime64[us]")
            known, dated = persons[f"recorded_{kind}"], persons[f"dated_{kind}"]
        else:
            date = pd.Series(pd.NaT, index=persons.index, dtype="datetime64[us]")
            known = dated = pd.Series(True, index=persons.index)
        new[f"assistance_{kind}"] = _yes_no(date.notna()).where(known)
        new[f"assistance_{kind}_date"] = date.where(known & dated)
    new["orion"] = _yes_no(persons["mentored"])
    new["orion_date"] = persons["orion_date"].astype("datetime64[us]")
    return pd.concat([rows, pd.DataFrame(new)], axis=1)


def _yes_no(values: pd.Series) -> pd.Series:
    return pd.Series(np.where(values, "yes", "no"), dtype="str")


def _identified(rows: pd.DataFrame, prefix: str, rng: np.random.Generator) -> pd.DataFrame:
    """Add case numbers, names, phones and places, all invented."""
    number, persons = pd.factorize(rows["returnee_id"])
    n = len(persons)
    first = pd.Series(number).drop_duplicates().index
    country = rows["country"].to_numpy(dtype=object)[first]
    year = rows["return_date"].dt.year.to_numpy()[first]
    cases = [
        f"{c}-{prefix}{y % 100:02d}-{i:05d}"
        for i, (c, y) in enumerate(zip(country, year, strict=True), 1)
    ]
    given, family = rng.integers(len(GIVEN), size=n), rng.integers(len(FAMILY), size=n)
    names = [f"{GIVEN[g]} {FAMILY[f]}" for g, f in zip(given, family, strict=True)]
    phones = [f"+000 {a:03d} {b:03d} {c:03d}" for a, b, c in rng.integers(1000, size=(n, 3))]
    place = rows["place"].to_numpy() % len(PLACES)
    return rows.assign(
        case_number=np.array(cases, dtype=object)[number],
        person_name=np.array(names, dtype=object)[number],
        phone=np.array(phones, dtype=object)[number],
        location=np.array(PLACES, dtype=object)[place] + " " + rows["country"],
    )


def _pick(candidates: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Some of the candidates, in random order, as many as wanted or as there are."""
    return rng.permutation(candidates)[:wanted]


def _spoil_cells(
    rows: pd.DataFrame, world: World, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Write nonsense where nothing is known: what cleaning blanks was blank before."""
    rows = rows.copy()
    asked = [name for name, item in codebook.items.items() if not item.asked_of_some]
    blank_row, blank_item = np.nonzero(rows[asked].isna().to_numpy())
    chosen = _pick(np.arange(len(blank_row)), world.dirt.unknown_answers, rng)
    for k, name in enumerate(asked):
        _put(rows, name, blank_row[chosen[blank_item[chosen] == k]], NONSENSE)
    conditional = {name: item for name, item in codebook.items.items() if item.asked_of_some}
    for name, item in conditional.items():
        for gate, allowed in item.asked_if.items():
            silent = rows[gate].isna() | rows[gate].isin([*codebook.nonresponse_codes, NONSENSE])
            closed = np.flatnonzero(~silent & ~rows[gate].isin(allowed))
            chosen = _pick(closed, world.dirt.skip_violations // len(conditional), rng)
            codes = [answer.code for answer in item.answers]
            _put(rows, name, chosen, rng.choice(codes, len(chosen)))
    chosen = _pick(np.flatnonzero(rows["age"].isna()), world.dirt.out_of_range, rng)
    _put(rows, "age", chosen, rng.choice([3.0, 199.0, 207.0], len(chosen)))
    return rows


def _put(rows: pd.DataFrame, column: str, where: np.ndarray, values: object) -> None:
    """Write values into some rows, counted from 0, of a column."""
    new = rows[column].to_numpy(copy=True)
    new[where] = values
    rows[column] = pd.Series(new, index=rows.index).astype(rows[column].dtype)


def _assign_files(
    rows: pd.DataFrame, world: World, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Put each survey into its office's file, the central export, or both."""
    offices = rows["country"].map(world.countries)
    own = rng.random(len(rows)) < offices.map(lambda office: office.office_share)
    both = own & (rng.random(len(rows)) < offices.map(lambda office: office.central_share))
    local = rows[own].assign(file=rows.loc[own, "country"].str.lower())
    central = rows[~own | both].assign(file=CENTRAL)
    shared = np.flatnonzero(both[central.index])
    wrong = _pick(shared, round(DIFFERS_CENTRALLY * len(shared)), rng)
    central = _other_answers(central, wrong, 1, rng, codebook)
    return pd.concat([local, central])


def _other_answers(
    rows: pd.DataFrame,
    where: np.ndarray,
    items: int,
    rng: np.random.Generator,
    codebook: Codebook,
) -> pd.DataFrame:
    """Change some answers of some rows, as a slip of the hand would."""
    rows = rows.copy()
    gates = {gate for item in codebook.items.values() for gate in item.asked_if}
    free = [
        name
        for name, item in codebook.items.items()
        if name not in gates and not item.asked_of_some and not item.multiple
    ]
    changed = np.array([rng.choice(len(free), items, replace=False) for _ in where])
    for k, name in enumerate(free):
        here = where[(changed == k).any(axis=1)] if len(where) else where
        codes = [answer.code for answer in codebook.items[name].answers]
        place = {code: j for j, code in enumerate(codes)}
        now = np.array([place.get(code, 0) for code in rows[name].iloc[here]], dtype=int)
        step = rng.integers(1, len(codes), size=len(here))
        _put(rows, name, here, np.array(codes, dtype=object)[(now + step) % len(codes)])
    before = answers_before(rows[list(codebook.items)], codebook)
    return rows.assign(**{str(name): before[name].to_numpy() for name in before})


def _rest(world: World, rng: np.random.Generator, codebook: Codebook) -> pd.DataFrame:
    """Surveys that the study cannot use, each with its reason in column `fate`."""
    dirt, elsewhere = world.dirt, world.elsewhere
    fates = {
        "elsewhere": elsewhere.surveys if elsewhere.countries else 0,
        "outside_window": elsewhere.outside_window,
        "impossible_date": dirt.impossible_dates,
        "mostly_blank": dirt.mostly_blank,
        "without_case_number": dirt.without_case_number,
    }
    total = sum(fates.values())
    if not total:
        return pd.DataFrame()
    fate = np.repeat(list(fates), list(fates.values()))
    abroad = fate == "elsewhere"
    study, weights = list(world.countries), [o.surveys for o in world.countries.values()]
    country = np.empty(total, dtype=object)
    country[abroad] = rng.choice(elsewhere.countries or study, abroad.sum())
    country[~abroad] = rng.choice(study, total - abroad.sum(), p=np.array(weights) / sum(weights))
    rows = _survey_rows(draw(_spare_world(world, total), rng, codebook=codebook), codebook)
    rows["country"] = country
    rows = _identified(rows, "X", rng).assign(fate=fate)
    local = ~abroad & (fate != "outside_window") & (rng.random(total) < 0.6)
    rows["file"] = np.where(local, rows["country"].str.lower(), CENTRAL)
    for reason, spoil in SPOILERS.items():
        rows = spoil(rows, np.flatnonzero(fate == reason), rng, codebook)
    for iso3, office in world.countries.items():
        for kind in office.not_recorded:
            columns = [f"assistance_{kind}", f"assistance_{kind}_date"]
            rows.loc[rows["country"] == iso3, columns] = [None, pd.NaT]
    return rows


def _spare_world(world: World, returnees: int) -> World:
    """A world of average people of nowhere, each with one survey."""
    nowhere = next(iter(world.countries))
    return world.model_copy(
        update={"countries": {nowhere: Office(returnees=returnees)}, "mentoring": None}
    )


Spoiler = Callable[[pd.DataFrame, np.ndarray, np.random.Generator, Codebook], pd.DataFrame]


def _move_out_of_window(
    rows: pd.DataFrame, where: np.ndarray, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Shift all dates of a survey by four years, back or forth."""
    years = pd.to_timedelta(rng.choice([-4 * 365, 4 * 365], len(where)), unit="D")
    for column in rows.columns[[dtype.kind == "M" for dtype in rows.dtypes]]:
        rows.loc[where, column] = rows.loc[where, column] + years
    return rows


def _break_dates(
    rows: pd.DataFrame, where: np.ndarray, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Give half of the surveys a day before the return, the others no possible day."""
    rows["wrong_date"] = pd.Series(pd.NA, index=rows.index, dtype="str")
    before, never = where[::2], where[1::2]
    rows.loc[before, "survey_date"] = rows.loc[before, "return_date"] - pd.Timedelta(days=45)
    rows.loc[never, "wrong_date"] = rng.choice(WRONG_DATES, len(never))
    return rows


def _leave_mostly_blank(
    rows: pd.DataFrame, where: np.ndarray, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Keep the first few answers: the interview was broken off."""
    rows.loc[where, list(codebook.items)[ANSWERED_WHEN_BLANK:]] = None
    return rows


def _lose_case_number(
    rows: pd.DataFrame, where: np.ndarray, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    rows.loc[where, "case_number"] = None
    return rows


SPOILERS: dict[str, Spoiler] = {
    "outside_window": _move_out_of_window,
    "impossible_date": _break_dates,
    "mostly_blank": _leave_mostly_blank,
    "without_case_number": _lose_case_number,
}


def _with_copies(
    rows: pd.DataFrame, world: World, rng: np.random.Generator, codebook: Codebook
) -> pd.DataFrame:
    """Add exact copies after, and earlier keyings with other answers before, their originals."""
    good = np.flatnonzero(rows["fate"] == "analysed")
    doubled, rekeyed = world.dirt.exact_duplicates, world.dirt.rekeyed
    chosen = _pick(good, doubled + rekeyed, rng)
    copies = rows.iloc[chosen[:doubled]].assign(copy=1, fate="duplicate")
    earlier = rows.iloc[chosen[doubled:]].assign(copy=-1, fate="rekeyed")
    earlier = _other_answers(earlier, np.arange(len(earlier)), 3, rng, codebook)
    return pd.concat([rows, copies, earlier], ignore_index=True)
