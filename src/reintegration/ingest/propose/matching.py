"""Match the columns of an unknown file with the codebook: what is sure, and what is not.

A match is sure when each is the other's best by a clear margin, the words are almost the same, and
the values are answers of the question. Everything else waits for a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from reintegration.codebook import Codebook
from reintegration.countries import LANGUAGES, country_name
from reintegration.ingest.answers import (
    Nothing,
    Question,
    answer_key,
    answer_table,
    questions,
    read_option,
)
from reintegration.ingest.columns import RETURNEE, identifier, raw_names
from reintegration.ingest.propose.columns import Column, wordings
from reintegration.ingest.propose.kept import HOW
from reintegration.ingest.propose.people import identifies
from reintegration.ingest.propose.values import Fit, Values, fit, near_answers, real_answers
from reintegration.ingest.propose.words import (
    Likeness,
    Wording,
    language,
    matters,
    tokens,
    word_set,
)
from reintegration.text import fold

SURE = 0.78  # words so alike, in [0, 1]
SURE_WHEN_EMPTY = 0.9  # of a column without a value that could speak against it
SURE_AT_PLACE = 0.5  # with a number or a place in the questionnaire that agrees
MARGIN = 0.12  # by which the best must be ahead of the next
CANDIDATE, NEEDED_CANDIDATE = 0.6, 0.35  # from which on a column is named as a candidate
SHOWN = 3  # candidates of one name
UNSURE = 0.77  # the highest confidence of what is not sure
FAMILIAR = 10  # so many questions of the instrument make a file one of its files
LONGEST_OPTION = 6  # words
SERIES = 4  # so many columns of one pattern bear the types of assistance
SERIES_SCORE = NUMBER_SCORE = 0.93
BARE_LABEL = 0.6  # a type of assistance alone ("Training") may be about anything

# What stands in a column of one option: whether it was ticked.
_TICKS = frozenset(("0", "1", "true", "false", "yes", "no"))
FALLBACKS = {"survey_date": ("today", "start", "_submission_time", "SubmissionDate")}

_RECEIVED = (
    "{} received", "received {}", "{} assistance", "assistance {}", "{} support", "assistance_{}",
    "{} reçu", "{} reçue", "a reçu {}", "reçu une {}", "{} recibido", "{} recibida", "recibió {}",
    "asistencia {}", "apoyo {}",
)  # fmt: skip
_WHEN = ("{} date", "date {}", "date of {}", "date de {}", "fecha de {}", "assistance_{}_date")
_AFFIXES = word_set(
    "as ass asst assist assistance aide support received recu recue recibido recibida apoyo "
    "asistencia type"
)
_DATE_AFFIXES = word_set("d dt date fecha")
_HELP = word_set(
    "assistance support aide soutien appui asistencia apoyo ayuda grant services servicios"
)
# Words that say that something was given, or when.
_CONTEXT = _HELP | _AFFIXES | _DATE_AFFIXES | word_set("receive get got beneficie recevoir recibir")


@dataclass(frozen=True)
class Match:
    """A column proposed for a name, with a confidence in [0, 1] and how it was found."""

    column: Column
    confidence: float
    how: str


@dataclass
class Matches:
    """What was found for every name of the codebook.

    Attributes
    ----------
    sure
        Name -> its column.
    options
        Name of a multiple-choice question -> code -> its column.
    unsure
        Name -> candidates, likeliest first; none for a needed name that nothing was found for.
    personal
        Columns that identify somebody -> what they tell.
    left
        Columns that belong to no name.
    notes
        What else a person should know.
    """

    sure: dict[str, Match] = field(default_factory=dict)
    options: dict[str, dict[str, Match]] = field(default_factory=dict)
    unsure: dict[str, list[Match]] = field(default_factory=dict)
    personal: dict[Column, str] = field(default_factory=dict)
    left: list[Column] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def wording_of(codebook: Codebook, country: str | None = None) -> Wording:
    """Everything by which a column of a codebook name may be recognised.

    The name of the file's country says nothing ("Date of return to Togo").
    """
    spellings: dict[str, list[str]] = {}
    for name, variable in codebook.variables.items():
        spellings[name] = [name.replace("_", " "), *variable.spellings]
    for name, item in codebook.items.items():
        own = [] if _is_numbered(name) else [name.replace("_", " ")]
        spellings[name] = [*own, *item.spellings]
    for name, label in codebook.assistance.items():
        kinds = [name.replace("_", " "), *label.spellings]
        spellings[f"assistance_{name}"] = [
            *(form.format(kind) for kind in kinds for form in _RECEIVED),
            *(kind for kind in kinds if _HELP & set(tokens(kind))),
        ]
        spellings[f"assistance_{name}_date"] = [
            form.format(kind) for kind in kinds for form in _WHEN
        ]
    its_names = {country_name(country, code) for code in LANGUAGES} if country else set()
    return Wording(spellings, its_names)


def _is_numbered(name: str) -> bool:
    return name[:1].isalpha() and name[1:].isdigit()


class Matcher:
    """Compares all columns with all names."""

    def __init__(
        self,
        columns: Sequence[Column],
        codebook: Codebook,
        needed: Sequence[str],
        accepted: Mapping[str, Column] | None = None,
        country: str | None = None,
        not_asked: Sequence[str] = (),
        kept: Mapping[str, Column] | None = None,
        kept_options: Mapping[str, dict[str, Column]] | None = None,
    ):
        self.columns = list(columns)
        self.codebook = codebook
        self.needed = list(needed)
        self.accepted = dict(accepted or {})
        self.kept, self.kept_options = dict(kept or {}), dict(kept_options or {})
        self.questions: dict[str, Question] = questions(codebook)
        self.wording = wording_of(codebook, country)
        known = set(raw_names(codebook)) - ({"country"} if country else set()) - {*not_asked}
        self.names = [name for name in self.wording.names if name in known]
        self._own_matters = np.array(
            [matters(tokens(" ".join(self._labels(name)))) for name in self.names]
        )
        self.items = set(codebook.items)
        self._of_assistance = np.array([name.startswith("assistance_") for name in self.names])
        self.matches = Matches()
        self._folded = [fold(column.name) for column in self.columns]
        self._fits: dict[tuple[int, str], Fit] = {}
        like = [self._like(column) for column in self.columns]
        shape = (len(self.columns), len(self.names))
        self.words = np.array([one.score for one in like]).reshape(shape)
        self.foreign = np.array([one.foreign for one in like], dtype=bool).reshape(shape)
        self.clean = np.array([one.clean for one in like], dtype=bool).reshape(shape)

    def run(self) -> Matches:
        """Match everything, from the surest evidence to the weakest."""
        for name, column in self.accepted.items():
            self._take(name, Match(column, 1.0, "named by you"))
        for name, column in self.kept.items():
            self._take(name, Match(column, 1.0, HOW))
        for name, options in self.kept_options.items():
            self.matches.options[name] = {c: Match(one, 1.0, HOW) for c, one in options.items()}
        self._options()
        self.scores, self.hows = self._scored()
        self._mutual_best()
        self._in_order()
        self._unfamiliar()
        self._people()
        self._rest()
        return self.matches

    def fit(self, column: Column, name: str) -> Fit:
        """Whether a column's values are answers of a name's question."""
        key = (column.place, name)
        if key not in self._fits:
            found = fit(column.values, self.questions[name])
            if name == identifier(self.codebook, RETURNEE) and not _tells_apart(column.values):
                found = Fit("contradicts")
            self._fits[key] = found
        return self._fits[key]

    # evidence

    def _like(self, column: Column) -> Likeness:
        """How alike a column's words are to each name."""
        found = [_both([self.wording.like(part) for part in wordings(t)]) for t in column.texts]
        like = max(found, key=lambda one: one.score.max())
        for other in found:
            like = _better(like, other)
        if column.short is not None:
            short = self.wording.like(column.short)
            if any(len(tokens(text)) > 1 for text in column.texts):
                reach = np.minimum(short.score, like.score + 0.35)
                short = Likeness(reach, short.foreign, short.clean & (like.score >= BARE_LABEL))
            like = _better(like, short)
        keep = [self.wording.names.index(name) for name in self.names]
        score, foreign, clean = like.score[keep], like.foreign[keep], like.clean[keep]
        if column.around:
            other = (column.around & ~self._own_matters) != 0
            score, clean = np.where(other, score * 0.5, score), clean & ~other
        spoken = {word for text in (column.name, *column.texts) for word in tokens(text)}
        if not spoken & _CONTEXT:
            score = np.where(self._of_assistance, np.minimum(score, BARE_LABEL), score)
        return Likeness(score, foreign, clean)

    def _ticked(self) -> np.ndarray:
        """Columns that hold one option of a question beside them: ticked or not, and no answer."""
        names = {column.name for column in self.columns}
        return np.array(
            [
                any(column.name.rpartition(between)[0] in names for between in "/.")
                and {fold(text) for text in column.values.filled} <= _TICKS
                for column in self.columns
            ],
            dtype=bool,
        )

    def _labels(self, name: str) -> list[str]:
        return [text for owner, text in self.wording.texts if owner == name]

    def _scored(self) -> tuple[np.ndarray, dict[tuple[int, int], str]]:
        """Evidence of every pair, shape (columns, names), and how it was found."""
        scores = np.where(self._ticked()[:, None], 0.0, self.words)
        hows: dict[tuple[int, int], str] = {}
        self._add_series(scores, hows)
        self._add_numbers(scores, hows)
        for i, j in np.argwhere(scores >= NEEDED_CANDIDATE):
            verdict = self.fit(self.columns[i], self.names[j]).verdict
            scores[i, j] *= {"contradicts": 0.5, "partly": 0.8}.get(verdict, 1.0)
        return scores, hows

    def _add_series(self, scores: np.ndarray, hows: dict[tuple[int, int], str]) -> None:
        """Columns that bear all types of assistance in one pattern (as_cash, as_cash_d)."""
        kinds = {
            form: name
            for name, label in self.codebook.assistance.items()
            for form in {" ".join(tokens(text)) for text in (name, *label.spellings)}
        }
        patterns: dict[tuple[str, str, bool], dict[str, list[int]]] = {}
        for i, column in enumerate(self.columns):
            for text in {column.short or column.name.rsplit("/", 1)[-1], *column.texts}:
                for before, kind, after in _around_kind(tokens(text), kinds):
                    dated = bool(_DATE_AFFIXES & {*before, *after})
                    if {*before, *after} <= (_AFFIXES | _DATE_AFFIXES):
                        key = (" ".join(before), " ".join(after), dated)
                        patterns.setdefault(key, {}).setdefault(kind, []).append(i)
        for (first, last, dated), found in patterns.items():
            bare = not first and not last
            for kind, places in found.items():
                name = f"assistance_{kind}" + ("_date" if dated else "")
                if name not in self.names or len(set(places)) != 1:
                    continue
                i, j = places[0], self.names.index(name)
                serial = len(found) >= SERIES
                score = SERIES_SCORE if serial else BARE_LABEL if bare else 0.0
                if score > scores[i, j]:
                    scores[i, j] = score
                    if serial:
                        hows[i, j] = "by a series of types of assistance"

    def _add_numbers(self, scores: np.ndarray, hows: dict[tuple[int, int], str]) -> None:
        """Numbers of questions, where words or values say that they are the instrument's own."""
        by_words, by_values = self._numbers_agree(), self._values_agree()
        items = {name: j for j, name in enumerate(self.names) if name in self.items}
        for i, column in enumerate(self.columns):
            if column.number is None or column.number not in items:
                continue
            j = items[column.number]
            if column.wordless:
                scores[i, j] = max(scores[i, j], NUMBER_SCORE if by_values else 0.5)
                hows[i, j] = "by its number, and by the answers of all numbers"
            elif by_words:
                others = [k for k in items.values() if k != j]
                scores[i, others] *= 0.75
                if scores[i, j] >= SURE_AT_PLACE and not self.foreign[i, j]:
                    scores[i, j] = max(scores[i, j], min(0.97, scores[i, j] + 0.3))
                    hows[i, j] = "by words and number"
                else:  # its number makes it a candidate, and no more
                    scores[i, j] = max(scores[i, j], SURE_AT_PLACE - 0.01)

    def _numbers_agree(self) -> bool:
        """Whether the numbers beside words are those of the instrument."""
        items = [j for j, name in enumerate(self.names) if name in self.items]
        agree = other = 0
        for i, column in enumerate(self.columns):
            if column.number is None or column.wordless:
                continue
            best = max(items, key=lambda j: self.words[i, j])
            same = self.names[best] == column.number
            agree += same and self.words[i, best] >= SURE_AT_PLACE
            other += not same and self.words[i, best] >= SURE
        return agree >= FAMILIAR // 2 and not other

    def _values_agree(self) -> bool:
        """Whether bare numbers (q1, q2, ...) are those of the instrument, judged by all answers.

        Labelled answers must fit everywhere, several sets of answers among them; numbers without
        labels must be two for every question of two answers, and more for most of the others.
        """
        bare = [column for column in self.columns if column.wordless and column.values.total]
        fits = [(column.number or "", self.fit(column, column.number or "")) for column in bare]
        if len(bare) < FAMILIAR or any(not found.possible for _, found in fits):
            return False
        read = {
            tuple(self.questions[name].codes) for name, found in fits if found.verdict == "fits"
        }
        if sum(found.verdict == "fits" for _, found in fits) >= FITS_OF_BARE * len(bare):
            return len(read) >= 3
        sizes = {True: [0, 0], False: [0, 0]}  # of two answers or more: telling, all
        for column in bare:
            question = self.questions[column.number or ""]
            if question.kind == "multiple":
                continue
            of_two = len(real_answers(question)) == 2
            codes = len(column.values.substantive)
            sizes[of_two][0] += codes == 2 if of_two else codes > 2
            sizes[of_two][1] += 1
        return all(total >= 3 and telling >= 0.8 * total for telling, total in sizes.values())

    def _options(self) -> None:
        """Columns that each hold one answer of a multiple-choice question."""
        for name in self.items:
            if not self.codebook.items[name].multiple or name in self.matches.sure:
                continue
            table = answer_table(self.questions[name].answers)
            parents: dict[str, dict[str, list[Column]]] = {}
            for column in self.columns:
                for parent, option in _split_option(column):
                    if len(option.split()) > LONGEST_OPTION:
                        continue
                    code = table.get(answer_key(option)) or next(
                        iter(near_answers(option, table)), None
                    )
                    if code and self._is_option(column, name, code):
                        parents.setdefault(parent, {}).setdefault(code, []).append(column)
            place = self.wording.names.index(name)
            for parent, found in parents.items():
                words = (
                    1.0
                    if fold(parent.rsplit("/", 1)[-1]) == name
                    else float(self.wording.like(parent.rsplit("/", 1)[-1]).score[place])
                )
                enough = len(found) >= max(3, len(real_answers(self.questions[name])) // 2)
                alone = all(len(columns) == 1 for columns in found.values())
                if enough and alone and words >= SURE_AT_PLACE and name not in self.matches.options:
                    self.matches.options[name] = {
                        code: Match(columns[0], max(words, 0.9), "one column per answer")
                        for code, columns in found.items()
                    }

    def _is_option(self, column: Column, name: str, code: str) -> bool:
        answer = next(a for a in self.questions[name].answers if a.code == code)
        return all(
            not isinstance(read_option(text, answer), Nothing)
            or not isinstance(read_option(column.values.shown(text), answer), Nothing)
            for text, count in column.values.filled.items()
            if count >= 0.05 * column.values.total
        )

    # decisions

    def _take(self, name: str, match: Match) -> None:
        self.matches.sure[name] = match

    @property
    def _taken(self) -> set[int]:
        """Places of the columns that are sure, in the list of columns."""
        used = [match.column for match in self.matches.sure.values()]
        used += [m.column for found in self.matches.options.values() for m in found.values()]
        return {self.columns.index(column) for column in used}

    def _mutual_best(self) -> None:
        """Pairs that are each other's best by a clear margin, until no more are found.

        A column that is sure for one name is no rival for the others.
        """
        before = -1
        while before < len(self.matches.sure):
            before = len(self.matches.sure)
            taken = self._taken
            free = np.array([i not in taken for i in range(len(self.columns))], dtype=bool)
            scores = np.where(free[:, None], self.scores, 0.0)
            for j, name in enumerate(self.names):
                if free.any() and name not in self.matches.sure:
                    self._take_if_clear(name, j, scores)
        for name in list(self.matches.options):
            joined = self.matches.sure.get(name)
            if joined is not None and self.fit(joined.column, name).verdict == "fits":
                del self.matches.options[name]
            elif joined is not None:
                del self.matches.sure[name]

    def _take_if_clear(self, name: str, j: int, scores: np.ndarray) -> None:
        i = int(scores[:, j].argmax())
        score = scores[i, j]
        next_column = np.delete(scores[:, j], i).max(initial=0.0)
        next_name = np.delete(scores[i], j).max(initial=0.0)
        ahead = score - max(next_column, next_name)
        if score < SURE or (ahead < MARGIN and not (score == 1.0 and ahead > 0)):
            return
        if not self.clean[i, j] and (i, j) not in self.hows:
            return
        found = self.fit(self.columns[i], name)
        if found.possible and (found.verdict != "empty" or score >= SURE_WHEN_EMPTY):
            how = self.hows.get((i, j)) or ("same words" if score == 1 else "by words")
            self._take(name, Match(self.columns[i], round(float(score), 2), how))

    def _in_order(self) -> None:
        """Questions between two sure neighbours, where a file keeps the questionnaire's order."""
        order = [name for name in self.codebook.items if name in self.names]
        placed = {
            name: self.matches.sure[name].column.place
            for name in order
            if name in self.matches.sure
        }
        places = list(placed.values())
        if len(places) < FAMILIAR or places != sorted(places):
            return
        taken = self._taken
        for n, name in enumerate(order):
            if name in placed or name in self.matches.options:
                continue
            low = max((placed[other] for other in order[:n] if other in placed), default=-1)
            high = min(
                (placed[other] for other in order[n + 1 :] if other in placed),
                default=max(column.place for column in self.columns) + 1,
            )
            j = self.names.index(name)
            between = [
                i
                for i, column in enumerate(self.columns)
                if low < column.place < high and i not in taken
            ]
            ranked = sorted(between, key=lambda i: -self.scores[i, j])
            if not ranked or self.scores[ranked[0], j] < SURE_AT_PLACE:
                continue
            best = ranked[0]
            if self.foreign[best, j]:
                continue
            second = self.scores[ranked[1], j] if len(ranked) > 1 else 0.0
            other = np.delete(self.scores[best], j).max(initial=0.0)
            fits = self.fit(self.columns[best], name).verdict == "fits"
            if fits and self.scores[best, j] - max(second, other) >= MARGIN:
                score = round(min(0.9, float(self.scores[best, j]) + 0.25), 2)
                self._take(name, Match(self.columns[best], score, "by words and place"))
                placed[name] = self.columns[best].place

    def _unfamiliar(self) -> None:
        """What assistance a file of another questionnaire speaks of is not sure.

        Nor is a date of assistance without the assistance: of training there are many.
        """
        familiar = sum(name in self.items for name in self.matches.sure) >= FAMILIAR
        for name in list(self.matches.sure):
            of_type = name.removesuffix("_date")
            alone = not familiar or of_type not in self.matches.sure
            if alone and name.startswith("assistance_") and name not in self.accepted:
                del self.matches.sure[name]

    def _people(self) -> None:
        """Columns that identify somebody: the codebook's identifiers, and all the others."""
        dropped = [
            name
            for name in self.codebook.identifiers
            if self.codebook.variables[name].pseudonym is None
        ]
        taken = self._taken
        for i, column in enumerate(self.columns):
            if i in taken:
                continue
            texts = [*column.texts, *([column.short] if column.short else [])]
            what = identifies(texts, column.values)
            best = int(self.scores[i].argmax()) if self.scores.shape[1] else 0
            likely = self.names[best] if self.scores[i, best] >= SURE_AT_PLACE else None
            if what is None and likely not in dropped:
                continue
            if likely is not None and likely not in dropped and self.scores[i, best] >= SURE:
                continue
            self.matches.personal[column] = what or "a person"

    def _rest(self) -> None:
        """Candidates of the names that are not sure, and the columns that are left over."""
        taken = self._taken
        named: set[int] = set()
        dropped = {n for n, v in self.codebook.variables.items() if v.role == "identifier"}
        dropped -= {n for n, v in self.codebook.variables.items() if v.pseudonym}
        for j, name in enumerate(self.names):
            if name in self.matches.sure or name in self.matches.options or name in dropped:
                continue
            floor = NEEDED_CANDIDATE if name in self.needed else CANDIDATE
            own = fold(name)  # a column of that name would be taken for it
            ranked = np.argsort(-self.scores[:, j], kind="stable").tolist()
            found = [
                i
                for i in ranked
                if i not in taken
                and self.columns[i] not in self.matches.personal
                and (self.scores[i, j] >= floor or self._folded[i] == own)
            ][:SHOWN]
            if not found and name in FALLBACKS:
                found = self._fallbacks(name)
            if found or name in self.needed:
                self.matches.unsure[name] = [
                    Match(
                        self.columns[i],
                        round(min(UNSURE, max(0.2, float(self.scores[i, j]))), 2),
                        self.fit(self.columns[i], name).verdict,
                    )
                    for i in found
                ]
                named.update(found)
        self.matches.left = [
            column
            for i, column in enumerate(self.columns)
            if i not in taken and i not in named and column not in self.matches.personal
        ]

    def _fallbacks(self, name: str) -> list[int]:
        """What survey programs note by themselves, where a file holds nothing better."""
        by_name = {(column.short or column.name): i for i, column in enumerate(self.columns)}
        likely = [by_name[other] for other in FALLBACKS[name] if other in by_name]
        return [i for i in likely if self.fit(self.columns[i], name).verdict == "fits"][:SHOWN]


def _better(one: Likeness, other: Likeness) -> Likeness:
    """For each name the likeness of the text that is more alike."""
    more = other.score > one.score
    return Likeness(
        np.where(more, other.score, one.score),
        np.where(more, other.foreign, one.foreign),
        np.where(more, other.clean, one.clean),
    )


def _both(parts: Sequence[Likeness]) -> Likeness:
    """Likeness of a text in two languages, both of which must say the same."""
    return Likeness(
        np.min([part.score for part in parts], axis=0),
        np.any([part.foreign for part in parts], axis=0),
        np.all([part.clean for part in parts], axis=0),
    )


FITS_OF_BARE = 0.6  # of the columns with a bare number that have labelled answers


def _tells_apart(values: Values) -> bool:
    """Whether the values of a column are many enough to be numbers of persons."""
    return not values.total or len(values.filled) >= 0.2 * values.total


def _around_kind(
    words: list[str], kinds: Mapping[str, str]
) -> Iterator[tuple[list[str], str, list[str]]]:
    """The longest type of assistance among the words, with what stands before and after it."""
    for length in range(len(words), 0, -1):
        for start in range(len(words) - length + 1):
            kind = kinds.get(" ".join(words[start : start + length]))
            if kind is not None:
                yield words[:start], kind, words[start + length :]
                return


def _split_option(column: Column) -> Iterator[tuple[str, str]]:
    """Question and option of a column that holds one option, by its texts or its name."""
    for text in dict.fromkeys((*column.texts, column.name, column.short or column.name)):
        for between in ("/", ": ", " - ", "."):
            parent, found, option = text.rpartition(between)
            if found and parent and option:
                yield parent.strip(), option.strip()
        parts = text.split("_")
        for place in range(1, len(parts)):
            yield "_".join(parts[:place]), "_".join(parts[place:])


def language_of(columns: Sequence[Column]) -> str | None:
    """Language of the questions and of the labels of the answers."""
    texts = [text for column in columns for text in column.texts]
    labels = [
        column.values.shown(text) for column in columns for text in list(column.values.labels)[:20]
    ]
    return language([*texts, *labels])
