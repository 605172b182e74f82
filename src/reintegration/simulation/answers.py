"""From traits to answers: an ordered probit for every item of the instrument."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from reintegration.codebook import Codebook, Item
from reintegration.errors import StudyError
from reintegration.scoring.scores import NOT_APPLICABLE
from reintegration.simulation.world import World

EXTRA_ANSWER = 0.25  # chance of each further answer of a multiple-choice item


@dataclass(frozen=True)
class ItemProbit:
    """One item: answer j is given when the propensity lies between thresholds j-1 and j."""

    name: str
    item: Item
    dimension: int
    loading: float
    codes: list[str]  # worst first
    scores: np.ndarray  # of the answers, shape (a,)
    shares: np.ndarray  # of the answers at an average person, shape (a,)

    @property
    def thresholds(self) -> np.ndarray:
        """Upper limits of all answers but the best, shape (a - 1,)."""
        below = np.cumsum(self.shares)[:-1].clip(1e-9, 1 - 1e-9)
        return np.array([NormalDist().inv_cdf(share) for share in below])

    @property
    def mean_score(self) -> float:
        """Score to be expected of an average person."""
        return float(self.scores @ self.shares)

    def share_change(self) -> np.ndarray:
        """Change of each answer's share per SD of the trait, shape (a,)."""
        density = np.exp(-0.5 * self.thresholds**2) / np.sqrt(2 * np.pi)
        return self.loading * (np.r_[0, density] - np.r_[density, 0])


@dataclass(frozen=True)
class Noise:
    """What is random in one round of answers, so that it can be used again with other traits."""

    answer: np.ndarray  # standard normal, shape (n, items)
    silent: np.ndarray  # uniform, shape (n, items)
    extra: np.ndarray  # uniform, shape (n, most answers of any item)

    def rows(self, chosen: np.ndarray) -> "Noise":
        """The noise of some respondents."""
        return Noise(self.answer[chosen], self.silent[chosen], self.extra[chosen])


class Questionnaire:
    """The items of a codebook with a world's answer shares and loadings."""

    def __init__(self, world: World, codebook: Codebook):
        _check(world, codebook)
        self.world = world
        self.codebook = codebook
        self.dimensions = list(codebook.dimensions)
        self.probits = [
            _probit(name, item, self.dimensions.index(item.dimension), world)
            for name, item in codebook.items.items()
        ]

    def points_per_sd(self) -> np.ndarray:
        """Score points that one SD of a trait is worth at an average person, per dimension.

        First-order change of the mean over the items asked: each item contributes the change
        of its expected score; an item asked of some also what it adds when more are asked.
        """
        asked = {p.name: self._share_asked(p) for p in self.probits}
        points = np.empty(len(self.dimensions))
        for d in range(len(self.dimensions)):
            own = [p for p in self.probits if p.dimension == d]
            weight = {p.name: p.item.weight * asked[p.name][0] for p in own}
            total = sum(weight.values())
            level = sum(weight[p.name] * p.mean_score for p in own) / total
            change = sum(weight[p.name] * float(p.scores @ p.share_change()) for p in own)
            change += sum(
                p.item.weight * asked[p.name][1] * (p.mean_score - level)
                for p in own
                if p.item.asked_of_some
            )
            points[d] = change / total
        return points

    def _share_asked(self, probit: ItemProbit) -> tuple[float, float]:
        """Share of average persons asked this item, and its change per SD of the trait."""
        share, change = 1.0, 0.0
        for name, allowed in _gates(probit.item).items():
            gate = next(p for p in self.probits if p.name == name)
            opens = np.array([code in allowed for code in gate.codes])
            change = change * gate.shares[opens].sum() + share * gate.share_change()[opens].sum()
            share *= gate.shares[opens].sum()
        return share, change

    def noise(self, n: int, rng: np.random.Generator) -> Noise:
        """Draw the noise of `n` respondents."""
        k = len(self.probits)
        widest = max(len(p.codes) for p in self.probits)
        return Noise(rng.standard_normal((n, k)), rng.random((n, k)), rng.random((n, widest)))

    def answers(self, traits: np.ndarray, shifts: np.ndarray, noise: Noise) -> pd.DataFrame:
        """Answer every item.

        Parameters
        ----------
        traits
            Traits in SDs, shape (n, dimensions).
        shifts
            Shift of each item's propensity in probit units, shape (n, items).
        noise
            From `noise`.

        Returns
        -------
        pandas.DataFrame
            Answer codes, shape (n, items); missing when blank or not asked.
        """
        columns: dict[str, np.ndarray] = {}
        for k, probit in enumerate(self.probits):
            lean = probit.loading
            propensity = (
                lean * traits[:, probit.dimension]
                + np.sqrt(1 - lean**2) * noise.answer[:, k]
                + shifts[:, k]
            )
            given = np.searchsorted(probit.thresholds, propensity)
            texts = np.array(probit.codes, dtype=object)[given]
            if probit.item.multiple:
                texts = _with_further_answers(probit, given, noise.extra)
            texts = self._silence(probit, texts, noise.silent[:, k])
            for name, allowed in _gates(probit.item).items():
                texts[~np.isin(columns[name].astype(str), list(allowed))] = None
            columns[probit.name] = texts
        return pd.DataFrame({name: pd.array(v, dtype="str") for name, v in columns.items()})

    def _silence(self, probit: ItemProbit, texts: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Replace some answers by non-response: u below the cumulated probabilities."""
        rates = self.world.nonresponse
        factor = rates.sensitive.get(probit.name, 1.0)
        reasons: list[tuple[str | None, float]] = [
            ("dont_know", rates.dont_know),
            ("refused", rates.refused),
            (None, rates.blank),
        ]
        if len(probit.codes) >= 5 and not probit.item.multiple:
            reasons.append((NOT_APPLICABLE, rates.not_applicable))
        texts, low = texts.copy(), 0.0
        for reason, rate in reasons:
            texts[(u >= low) & (u < low + factor * rate)] = reason
            low += factor * rate
        return texts


def _gates(item: Item) -> dict[str, tuple[str, ...]]:
    """Items whose answers decide whether an item is asked, and the answers that open it."""
    return item.asked_if if item.asked_of_some else {}


def answers_before(answers: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Answers to the variables that decide whether an item is asked, as the item's answers tell.

    Who gave the answer that stands for "not to be asked" answered otherwise before; of who gave
    none, nothing is known.
    """
    columns: dict[str, np.ndarray] = {}
    for name, item in codebook.items.items():
        if item.skipped is None:
            continue
        given = answers[name].to_numpy(dtype=object)
        known = answers[name].isin(item.scores).to_numpy()
        for variable, allowed in item.asked_if.items():
            codes = [answer.code for answer in codebook.variables[variable].answers]
            closed = next(code for code in codes if code not in allowed)
            before = np.where(given == item.skipped, closed, allowed[0]).astype(object)
            before[~known] = None
            columns[variable] = before
    return pd.DataFrame({k: pd.array(v, dtype="str") for k, v in columns.items()}, answers.index)


def _with_further_answers(probit: ItemProbit, given: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Join further answers of a multiple-choice item, if they score as the one given does."""
    chosen = np.arange(len(probit.codes)) == given[:, None]
    alike = probit.scores == probit.scores[given][:, None]
    also = alike & (u[:, : len(probit.codes)] < EXTRA_ANSWER)
    several = alike.sum(axis=1) > 1
    chosen |= also & several[:, None]
    codes = [answer.code for answer in probit.item.answers]
    order = [probit.codes.index(code) for code in codes]
    pattern = chosen[:, order] @ (1 << np.arange(len(codes)))
    texts = {
        bits: " ".join(code for j, code in enumerate(codes) if bits >> j & 1)
        for bits in np.unique(pattern).tolist()
    }
    return np.array([texts[bits] for bits in pattern.tolist()], dtype=object)


def _probit(name: str, item: Item, dimension: int, world: World) -> ItemProbit:
    """An item's model: its answers ordered from worst to best."""
    best_first = sorted(item.answers, key=lambda a: -(a.score or 0.0))
    ordered = best_first[::-1]
    model = world.items[name]
    codes = [answer.code for answer in ordered]
    return ItemProbit(
        name=name,
        item=item,
        dimension=dimension,
        loading=model.loading,
        codes=codes,
        scores=np.array([answer.score for answer in ordered], dtype=float),
        shares=np.array([model.shares[code] for code in codes], dtype=float),
    )


def _check(world: World, codebook: Codebook) -> None:
    """Compare the names a world uses with those of the codebook.

    Raises
    ------
    StudyError
        With every name or answer that one of the two does not know.
    """
    problems = [
        f"items: {name} is not in the codebook"
        for name in world.items
        if name not in codebook.items
    ]
    for name, item in codebook.items.items():
        if name not in world.items:
            problems.append(f"items.{name}: loading and shares are missing")
            continue
        codes = {answer.code for answer in item.answers}
        if codes != set(world.items[name].shares):
            problems.append(
                f"items.{name}.shares: {sorted(world.items[name].shares)} instead of"
                f" {sorted(codes)}"
            )
    problems += [
        f"assistance.types: {kind} is not in the codebook ({', '.join(codebook.assistance)})"
        for kind in world.assistance.types
        if kind not in codebook.assistance
    ]
    problems += [
        f"{key}: {dimension} is not a dimension ({', '.join(codebook.dimensions)})"
        for key, effects in _all_effects(world).items()
        for dimension in effects
        if dimension not in codebook.dimensions
    ]
    for iso3, office in world.countries.items():
        problems += [
            f"countries.{iso3}.items: {name} is not in the codebook"
            for name in office.items
            if name not in codebook.items
        ]
        problems += [
            f"countries.{iso3}: assistance {kind} is not in the codebook"
            for kind in (*office.not_offered, *office.not_recorded)
            if kind not in codebook.assistance
        ]
    if problems:
        raise StudyError(f"World {world.name}: it does not fit the codebook.", problems)


def _all_effects(world: World) -> dict[str, dict[str, float]]:
    """Every planted effect by the key under which it is stated."""
    effects = {f"assistance.types.{k}": t.effect for k, t in world.assistance.types.items()}
    effects |= {f"persons.effects.{k}": e for k, e in world.persons.effects.items()}
    for iso3, office in world.countries.items():
        effects[f"countries.{iso3}.level"] = office.level
        effects[f"countries.{iso3}.slope"] = office.slope
    if world.mentoring:
        effects |= {
            f"mentoring.countries.{k}": m.effect for k, m in world.mentoring.countries.items()
        }
    return effects
