"""Sentences of the published study, each with the estimates it rests on and its test.

A claim names its estimates by id, without the inference at the end of the id:
``levels.{dimension}.training`` stands for one estimate per dimension, under whatever
covariance the specification declares. `reintegration.audit.verdicts` judges them.
"""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reintegration.codebook import describe_problems, read_yaml
from reintegration.errors import StudyError

NOT_TESTABLE = "not_testable"

TestName = Literal[
    "count", "share_near", "above", "below", "all_positive", "all_negative", "within_margin",
    "small_positive", "lowest_ranks", "exceeds", "not_testable",
]  # fmt: skip


class Claim(BaseModel):
    """One sentence of the study, in our words, and how these data can test it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    message: int = Field(ge=0, le=10, description="Key message; 0 is the section on method.")
    claim_en: str
    claim_fr: str
    test: TestName
    estimates: tuple[str, ...] = ()
    published: str = Field(description="What was published: a number, a sign or an order.")
    value: float | None = Field(default=None, description="Number the test compares with.")
    margin: float | None = Field(default=None, description="Half-width the test allows.")
    countries: tuple[str, ...] = Field(
        default=(), description="Countries of the sample it counts; with others it is not tested."
    )
    reason: str = Field(description="Why this test; what it cannot say.")

    @model_validator(mode="after")
    def _complete(self) -> "Claim":
        needs = {
            "count": ("value",),
            "share_near": ("value", "margin"),
            "above": ("value",),
            "below": ("value",),
            "small_positive": ("margin",),
            "lowest_ranks": ("value",),
        }
        missing = [key for key in needs.get(self.test, ()) if getattr(self, key) is None]
        if missing:
            raise ValueError(f"the test {self.test} needs {', '.join(missing)}")
        if (self.test == NOT_TESTABLE) == bool(self.estimates):
            raise ValueError("a claim names `estimates` unless its test is not_testable")
        if self.test == "exceeds" and len(self.estimates) < 2:
            raise ValueError("the test exceeds needs the larger estimate, then the others")
        return self


class _Claims(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    claims: tuple[Claim, ...]

    @model_validator(mode="after")
    def _ids_once(self) -> "_Claims":
        ids = [claim.id for claim in self.claims]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"claims: {', '.join(twice)} stands twice")
        return self


def load_claims(path: str | Path) -> tuple[Claim, ...]:
    """Load and check the claims.

    Raises
    ------
    StudyError
        With every problem of the file.
    """
    try:
        return _Claims.model_validate(read_yaml(path)).claims
    except ValidationError as error:
        raise StudyError(f"{path}: the claims cannot be used.", describe_problems(error)) from None
