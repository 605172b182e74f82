"""A specification of a made-up table, in one line."""

from reintegration.estimation.grammar import parse_term
from reintegration.estimation.specs import Specification, Vcov

UNDER = "not_estimable_under_this_vcov"


def spec(terms: str, vcov: Vcov, **changes) -> Specification:
    """Regress `y` on terms with blanks between them; `changes` are further fields."""
    return Specification(
        **{
            "spec_id": "s",
            "title": "",
            "role": "exploratory",
            "data": "rows",
            "outcome": "y",
            "terms": tuple(parse_term(term) for term in terms.split()),
            "vcov": vcov,
            "coding": "",
        }
        | changes
    )
