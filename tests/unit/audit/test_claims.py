"""Claims as data: what a file of them must say."""

import pytest

from reintegration.audit.claims import Claim, load_claims
from reintegration.errors import StudyError


def test_every_problem_of_the_file_is_named_at_once(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(
        "source: s\nclaims:\n"
        "  - {id: a, message: 1, claim_en: e, claim_fr: f, test: all_positiv, published: p,"
        " reason: r, estimates: [x]}\n"
        "  - {id: b, message: 11, claim_en: e, claim_fr: f, test: share_near, published: p,"
        " reason: r, estimates: [x]}\n"
    )
    with pytest.raises(StudyError) as error:
        load_claims(path)
    assert "claims.0.test" in str(error.value)
    assert "claims.1.message" in str(error.value)


def test_a_test_without_its_number_is_refused():
    with pytest.raises(ValueError, match="needs value, margin"):
        Claim(
            id="it", message=4, claim_en="It.", claim_fr="Cela.", test="share_near",
            estimates=["x"], published="so", reason="Because.",
        )  # fmt: skip


def test_the_key_messages_load_and_cover_all_ten():
    claims = load_claims("data/claims/key_messages.yaml")
    assert {c.message for c in claims} == set(range(11))
