"""Countries: ISO 3166-1 alpha-3 codes and their names, from the Unicode CLDR by way of Babel."""

from functools import cache

from babel import Locale
from babel.core import get_global

from reintegration.text import fold

LANGUAGES = ("en", "fr", "es")
# Names met in files that CLDR does not hold.
OTHER_SPELLINGS = {
    "CIV": ("Ivory Coast", "Côte d'Ivoire", "Cote d Ivoire"),
    "COD": ("DRC", "Democratic Republic of the Congo", "RDC", "Congo DR"),
    "COG": ("Republic of the Congo", "Congo"),
    "GMB": ("The Gambia", "Gambie"),
    "GIN": ("Guinea Conakry", "Guinée Conakry", "République de Guinée"),
    "MMR": ("Myanmar", "Burma", "Birmanie"),
    "PSE": ("Palestine",),
    "CAF": ("RCA", "CAR"),
    "VNM": ("Viet Nam",),
    "SYR": ("Syrian Arab Republic",),
    "LAO": ("Lao PDR",),
    "TUR": ("Turkey",),
    "XKX": ("Kosovo",),
}


# Codes that ISO has withdrawn and CLDR keeps as aliases of today's.
WITHDRAWN = {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR", "XKK"}


@cache
def _alpha2() -> dict[str, str]:
    """ISO alpha-3 code -> alpha-2 code, countries only."""
    named = Locale("en").territories
    aliases = {
        three: two[0]
        for three, two in get_global("territory_aliases").items()
        if len(three) == 3 and len(two) == 1 and two[0] in named and three not in WITHDRAWN
        if three.isalpha()
    }
    return aliases | {"XKX": "XK"}


def is_country(code: str) -> bool:
    """Whether a code is an ISO 3166-1 alpha-3 code."""
    return code in _alpha2()


def country_name(code: str, language: str = "en") -> str:
    """Name a country by its ISO alpha-3 code; `all` and unknown codes are returned as they are."""
    two = _alpha2().get(code)
    return Locale(language).territories.get(two, code) if two else code


@cache
def _spellings() -> dict[str, str]:
    """Folded name or code -> ISO alpha-3 code."""
    found: dict[str, str] = {}
    for three, two in _alpha2().items():
        for language in LANGUAGES:
            found.setdefault(fold(Locale(language).territories.get(two, three)), three)
    for three, two in _alpha2().items():
        found.setdefault(fold(two), three)
        found[fold(three)] = three
    for three, names in OTHER_SPELLINGS.items():
        found.update({fold(name): three for name in names})
    return found


def find_country(text: object) -> str | None:
    """Return the ISO alpha-3 code of a country named in English, French or Spanish, or by code."""
    return _spellings().get(fold(text))
