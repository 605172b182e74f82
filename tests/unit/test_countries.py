"""Countries by name and by code."""

import pytest

from reintegration.countries import country_name, find_country, is_country


@pytest.mark.parametrize(
    "text, code",
    [
        ("Guinea", "GIN"), ("Guinée", "GIN"), ("GIN", "GIN"), ("gn", "GIN"),
        ("Ivory Coast", "CIV"), ("Côte d'Ivoire", "CIV"), ("COTE D’IVOIRE ", "CIV"),
        ("Niger", "NER"), ("Nigeria", "NGA"), ("Guinea-Bissau", "GNB"),
        ("Équateur", "ECU"), ("Gambie", "GMB"), ("RDC", "COD"), ("Marruecos", "MAR"),
    ],
)  # fmt: skip
def test_found_in_three_languages(text, code):
    assert find_country(text) == code


@pytest.mark.parametrize("text", ["", "Guinee-", "Atlantis", "99", None, 3.5])
def test_what_is_no_country_is_not_guessed(text):
    expected = "GIN" if text == "Guinee-" else None  # punctuation is no part of a name
    assert find_country(text) == expected


def test_codes():
    assert is_country("NAM") and not is_country("ZAR") and not is_country("GN")
    assert country_name("GIN", "fr") == "Guinée"
    assert country_name("all") == "all"
