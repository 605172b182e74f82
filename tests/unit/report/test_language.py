import re

import pytest

from reintegration.report.language import Language, in_sentence


@pytest.mark.parametrize(
    ("term", "label"),
    [
        ("country.CIV", "Côte d’Ivoire"),
        ("training", "Training"),
        ("training_not_recorded", "Training: not recorded"),
        ("sex.woman", "Sex: Woman"),
        ("months_since_return", "Months since return"),
        ("item_q22", "Support network"),
        ("something_new", "something new"),
    ],
)
def test_terms_have_names_that_people_read(settings, term, label):
    assert settings.language.term(term) == label


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (-0.0004, 3, True, "0.000"),
        (0.0004, 3, True, "0.000"),
        (1234567, 0, False, "1,234,567"),
        (-1.5, 1, False, "−1.5"),
        (0.25, 2, True, "+0.25"),
    ],
)
def test_numbers_as_read(settings, value, digits, signed, text):
    assert settings.language.number(value, digits, signed=signed) == text


def test_a_text_escapes_what_is_put_into_it(settings):
    said = settings.language.say("story.sample.left_out_one", source="<b>.csv", reason="a & b")
    assert "<b>.csv" not in said
    assert "&lt;b&gt;.csv" in said


def test_a_missing_text_is_named(settings):
    with pytest.raises(KeyError, match="no\\.such"):
        settings.language.text("no.such")


# A publication by author and year: (Gelbach 2016), (Romano and Wolf 2005).
PUBLISHED = re.compile(r"\([A-Z][a-z]+(?: and [A-Z][a-z]+)? (?:19|20)\d\d\)")


def strings(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in strings(value)]
    return [text for value in node for text in strings(value)] if isinstance(node, list) else [
        str(node)
    ]  # fmt: skip


def test_no_result_is_typed_into_a_text(settings):
    # 0 and 1 are the ends of the scale and the lowest rank, 2 and 3 the roman pages of a title.
    language: Language = settings.language
    for key in ("story", "figures", "tables", "missing", "page.summary", "page.claims"):
        for text in strings(language.text(key)):
            plain = PUBLISHED.sub("", re.sub(r"<[^>]+>", "", text))
            found = set(re.findall(r"(?<![\w{])\d+(?:\.\d+)?", plain))
            assert found <= {"0", "1"}, text


def test_no_text_says_that_there_is_no_effect_or_that_a_number_is_confirmed(settings):
    for key in ("story", "figures", "tables", "page"):
        for text in strings(settings.language.text(key)):
            plain = " ".join(text.lower().split())
            for allowed in ("no published number is confirmed", "it is not evidence of no effect"):
                plain = plain.replace(allowed, "")
            assert "no effect" not in plain
            assert "confirm" not in plain
            assert "prove" not in plain.replace("improve", "")


def test_a_label_in_a_sentence_keeps_capitals_that_are_its_own():
    assert in_sentence("Well-being") == "well-being"
    assert in_sentence("WHO-5 Index") == "WHO-5 Index"


def test_an_end_without_a_bound_keeps_its_side(settings):
    language = settings.language
    assert language.number(float("-inf"), 3, signed=True) == "\N{MINUS SIGN}\N{INFINITY}"
    assert language.number(float("inf"), 3, signed=True) == "+\N{INFINITY}"
