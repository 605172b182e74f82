"""How alike the words of a column are to the words of the codebook's questions."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz import fuzz, process

from reintegration.text import fold


def word_set(text: str) -> frozenset[str]:
    """Words of a text that lists them."""
    return frozenset(text.split())


STOPWORDS = word_set(
    """a an and any are as at be been by did do does for from had has have how i if in is it its
    me my of on or s that the these this to u was were what which who will with would you your
    au aux avec avez c ce ces cette d dans de depuis des du elle en est et etes il j je l la le les
    leur ma mes mon n nous on ou par pour qu que quel quelle qui quoi sa se ses sont sur t un
    une vos votre vous y al con cual cuales de del desde e el ella en es esta este ha han la las le
    les lo los mas me mi o para por que se si su sus tiene un una usted y"""
)
# Words that a question may hold or not, and stay the same question.
NEUTRAL = word_set(
    """returnee returnees beneficiary respondent interviewee migrant person please current currently
    actual actually today now present presently overall general generally rate rated rating assess
    evaluate evaluated describe consider think believe say yes oui beneficiaire
    retourne retournee repondant repondante enquete enquetee actuel actuelle actuellement
    aujourd hui maintenant general globalement evaluez evaluer jugez juger estimez qualifiez
    diriez pensez retornado retornada beneficiario beneficiaria encuestado encuestada actual
    actualmente hoy ahora calificaria califica evalua evaluaria considera cree diria question
    pregunta rss iom oim etc moment using comment etre avoir eu fait faire capable able possible
    rapport pouvoir pouvez penser sentir arrive mesure tenido haber como tan
    puede hace hecho sentir diarias daily each mimosa"""
)
# Words that make a question another one: whoever or whatever they speak of is not the returnee's
# own interview or return. Each line is one matter; a label with a word of it may speak of it.
OTHER_MATTERS: tuple[frozenset[str], ...] = tuple(
    word_set(line)
    for line in """interviewer enumerator surveyor supervisor caseworker staff officer moderator \
collector enqueteur enquetrice enqueteurs enumerateur superviseur agent collecteur intervieweur \
encuestador encuestadora entrevistador entrevistadora supervisor enum enumerador
spouse husband wife father mother parent parents sibling brother sister sons daughter relative \
conjoint conjointe epoux epouse mari femme pere mere parents frere soeur fils fille esposo esposa \
conyuge padre madre padres hermano hermana hijo hija caregiver guardian neighbour neighbours
child children enfant enfants nino ninos ninas hijos girls boys infant infants
household member members head hh menage chef foyer hogar jefe miembro miembros anyone roster
birth born dob naissance naissances nacimiento nacido
registration registered enrolment intake enregistrement inscription registro inscripcion
departure departed depart salida displacement displaced deplacement desplazamiento
transit transito
asylum host camp refugee refugees idp idps latrines latrine
plan planned planning intend intention prevu prevue planifie planeado planificada future
before previously prior avant auparavant antes anteriormente
group range category groupe tranche rango grupo categoria bracket
specify specified precisez preciser especifique especificar otherspecify
not never no pas jamais sans sin nunca
modified modification updated update closed closure approval approved referral created
passport passeport pasaporte visa
ago days day weeks week jours semaines dias semanas
duration distance amount montant monto prix price
lend lending loan loans pret prets prestamo prestamos
neighbourhood vecinos voisins
nationality nationalite nacionalidad citizenship""".splitlines()
)
ALIKE = 87.0  # two spellings of one word (rapidfuzz ratio in [0, 100])
SHORTEST_ALIKE = 4  # letters from which on a word may be misspelt
CUT_LENGTH = 35  # letters of a question that a program may have cut off
CUT_SCORE = 0.97
LEAST_CLEAN = 0.4  # below it is not asked what a text lacks
TELLING = 0.7  # weight from which on a word cannot be left out of a question
LEAST_WEIGHT, STOP_WEIGHT = 0.3, 0.08

_TAG = re.compile(r"<[^>]{1,80}>|\$\{[^}]{1,80}\}|[*#_]{2,}")
_HINT = re.compile(
    r"[\[(][^\])]*\b(?:select|tick|choose|read|multiple|one|choisir|choix|cocher|lire|seleccion\w*|"
    r"elegir|leer|reponse|respuesta|answer|option\w*|dd|mm|jj|aaaa|yyyy)\b[^\])]*[\])]",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_NUMBERED = re.compile(
    r"(?P<letters>question|item|rss|[a-z]{0,2})[ _.\-]?(?P<number>\d{1,3})"
    r"(?P<part>(?:[._\-]\d{1,2})*)(?P<letter>[a-z]?)(?:\s*[.)/:\-–—_]+\s*|\s+)(?P<rest>\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ][a-zà-ÿ])")


@dataclass(frozen=True)
class Likeness:
    """How alike a text is to each name.

    Attributes
    ----------
    score
        In [0, 1], shape (names,).
    foreign
        Whether the text holds a word that no wording of the name holds, shape (names,).
    clean
        Whether it holds no such word and lacks none that is telling, shape (names,).
    """

    score: np.ndarray
    foreign: np.ndarray
    clean: np.ndarray


@dataclass(frozen=True)
class Text:
    """One text of a column without its number, and the number it bore (q11, 11) or none."""

    words: str
    number: str | None = None


def read_text(text: str) -> Text:
    """Take the number off a question's text, and what is no part of the question."""
    plain = " ".join(_HINT.sub(" ", _TAG.sub(" ", text)).split())
    if not (match := _NUMBERED.fullmatch(plain)):
        return Text(plain)
    letters = match["letters"].casefold()
    number = None
    if not match["part"] and letters in ("", "q", "question", "item", "rss"):
        number = f"q{int(match['number'])}"
    elif not match["part"]:
        number = f"{letters}{int(match['number'])}"
    return Text(match["rest"], number)


def tokens(text: str) -> list[str]:
    """Folded words of a text, `DateOfReturn` and `date_of_return` alike."""
    return fold(_CAMEL.sub(" ", text)).split()


def matters(words: Iterable[str]) -> int:
    """Which of `OTHER_MATTERS` the words speak of, as bits."""
    found = set(words)
    return sum(1 << n for n, group in enumerate(OTHER_MATTERS) if group & found)


class Wording:
    """The words of everything that may be asked, ready to be compared with.

    A word that few names of the codebook use says more than one that many use; a word that none
    uses says most, since it makes the question another one. Words of `ignored` texts (the name of
    the country) say nothing.
    """

    def __init__(self, spellings: Mapping[str, Sequence[str]], ignored: Iterable[str] = ()):
        self.names = list(spellings)
        self._ignored = {word for text in ignored for word in tokens(text)}
        self.texts = [
            (name, read_text(text).words) for name, texts in spellings.items() for text in texts
        ]
        self._name_of = np.array([self.names.index(name) for name, _ in self.texts])
        self._sorted = sorted((fold(text), n) for n, (_, text) in enumerate(self.texts))
        split = [tokens(text) for _, text in self.texts]
        self._matters = np.array([matters(words) for words in split])
        self._exact: dict[str, set[str]] = {}
        for (name, _), words in zip(self.texts, split, strict=True):
            self._exact.setdefault("".join(words), set()).add(name)
        self._vocabulary = sorted({word for words in split for word in words})
        self._place = {word: n for n, word in enumerate(self._vocabulary)}
        self._weights = self._word_weights(split)
        self._has = self._bags(split)
        self._mass = self._has @ self._weights
        self._of_name = np.zeros((len(self.names), len(self._vocabulary)), dtype=np.float32)
        np.maximum.at(self._of_name, self._name_of, self._has)
        self._memory: dict[str, Likeness] = {}

    def like(self, text: str) -> Likeness:
        """How alike a column's text is to each name."""
        found = self._memory.get(text)
        if found is None:
            found = self._memory[text] = self._like(text)
        return found

    def _like(self, text: str) -> Likeness:
        plain = read_text(text).words
        words = self._words(plain)
        size = len(self.names)
        if not any(word.isalpha() for word in words):
            return Likeness(np.zeros(size), np.ones(size, bool), np.zeros(size, bool))
        near = self._alike_words(words)
        weight = self._weigh(words)
        reach = near.max(axis=0)
        met = np.flatnonzero(reach)  # only words that the text holds count
        has = self._has[:, met]
        reached = (has @ near[:, met].T).clip(0, 1)  # of each word in each label
        in_label = has @ (reach * self._weights)[met]
        each = (reached @ weight + in_label) / (weight.sum() + self._mass)
        each = np.minimum(each, 0.99)
        each = np.where(matters(words) & ~self._matters, each * 0.5, each)
        cut = fold(plain)
        if len(cut) >= CUT_LENGTH:
            starts = self._start_with(cut)
            each = np.where(starts, CUT_SCORE, each)
        else:
            starts = np.zeros(len(each), bool)
        exact = np.zeros(size, bool)
        exact[[self.names.index(name) for name in self._exact.get("".join(words), ())]] = True
        score = np.zeros(size)
        np.maximum.at(score, self._name_of, each)
        foreign = self._foreign(plain, words, near)
        clean = np.zeros(size, bool)
        whole = each >= np.maximum(score[self._name_of] - 0.1, LEAST_CLEAN)
        unsaid = self._weights * (reach < ALIKE / 100)
        whole[whole] = (self._has[whole] * unsaid).max(axis=1, initial=0) < TELLING
        np.logical_or.at(clean, self._name_of, whole | starts)
        foreign &= ~exact
        np.logical_and.at(foreign, self._name_of, ~starts)
        return Likeness(np.where(exact, 1.0, score), foreign, (clean & ~foreign) | exact)

    def _start_with(self, cut: str) -> np.ndarray:
        """Which labels a cut text is the beginning of."""
        first, last = bisect_left(self._sorted, (cut,)), bisect_left(self._sorted, (cut + "~",))
        starts = np.zeros(len(self.texts), bool)
        starts[[place for _, place in self._sorted[first:last]]] = True
        return starts

    def _words(self, plain: str) -> list[str]:
        words = [word for word in tokens(plain) if word not in self._ignored]
        if " " not in plain and len(words) > 1 and words[-1] in ("d", "dt"):
            words[-1] = "date"
        return list(dict.fromkeys(words))

    def _weigh(self, words: Sequence[str]) -> np.ndarray:
        return np.array(
            [
                self._weights[self._place[word]] if word in self._place else _unknown_weight(word)
                for word in words
            ]
        )

    def _foreign(self, plain: str, words: Sequence[str], near: np.ndarray) -> np.ndarray:
        """Whether a text has a word that no wording of the name has; remarks in brackets apart."""
        said = set(tokens(_BRACKETS.sub(" ", plain))) or set(words)
        telling = [
            n
            for n, word in enumerate(words)
            if word in said
            and word not in STOPWORDS | NEUTRAL
            and (len(word) > 1 or word.isdigit())
        ]
        reached = (self._of_name @ near[telling].T) > 0
        return ~reached.all(axis=1)

    def _word_weights(self, split: Sequence[Sequence[str]]) -> np.ndarray:
        used: dict[str, set[int]] = {}
        for name, words in zip(self._name_of.tolist(), split, strict=True):
            for word in words:
                used.setdefault(word, set()).add(name)
        total = np.log(1 + len(self.names))
        return np.array(
            [
                STOP_WEIGHT
                if word in STOPWORDS | NEUTRAL
                else max(LEAST_WEIGHT, 1 - np.log(len(used[word])) / total)
                for word in self._vocabulary
            ],
            dtype=np.float32,
        )

    def _alike_words(self, words: Sequence[str]) -> np.ndarray:
        """Share of likeness of words with the vocabulary, shape (words, vocabulary)."""
        alike = process.cdist(words, self._vocabulary, scorer=fuzz.ratio, score_cutoff=ALIKE) / 100
        for n, word in enumerate(words):
            for place in np.flatnonzero(alike[n]):
                other = self._vocabulary[place]
                short = min(len(word), len(other)) < SHORTEST_ALIKE
                if word != other and (short or word[0] != other[0]):
                    alike[n, place] = 0
        return alike

    def _bags(self, split: Sequence[Sequence[str]]) -> np.ndarray:
        bags = np.zeros((len(split), len(self._vocabulary)), dtype=np.float32)
        for n, words in enumerate(split):
            bags[n, [self._place[word] for word in words]] = 1
        return bags


def _unknown_weight(word: str) -> float:
    if word in STOPWORDS | NEUTRAL:
        return STOP_WEIGHT
    return 0.5 if word.isdigit() or len(word) == 1 else 1.0


# Small words by which the language of texts is told.
_SMALL = {
    "en": word_set("the of your you how do and to date name are have is in"),
    "fr": word_set("le la les de des du votre vous et avez est pour dans une nom"),
    "es": word_set("el los las del su usted qué que con para una fecha nombre ha por"),
}


def language(texts: Iterable[str]) -> str | None:
    """Language that most of the texts' small words are of: en, fr, es, or None."""
    counts: Counter[str] = Counter()
    for text in texts:
        for word in tokens(text):
            for code, small in _SMALL.items():
                counts[code] += word in small
    ranked = counts.most_common(2)
    if not ranked or ranked[0][1] < 3 or ranked[0][1] == ranked[1][1]:
        return None
    return ranked[0][0]
