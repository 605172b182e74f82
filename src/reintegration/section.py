"""What every written section has in common: each key is known, nothing is guessed."""

from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, ValidationInfo, field_validator

# How names may be written, and the same in words (`codebook.describe_problems`).
NAME, ID = r"^[a-z][a-z0-9_]*$", r"^[A-Za-z_][A-Za-z0-9_-]*$"
NAMES_IN_WORDS = {
    NAME: "must be small letters without accents, digits and _; begins with a letter",
    ID: "must be letters without accents, digits, _ and -; begins with a letter",
}


class Section(BaseModel):
    """A section of written choices: every key is known, nothing is guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_yes_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        kind = cls.model_fields[info.field_name or ""].annotation
        kinds = {kind, *get_args(kind)}
        if isinstance(value, bool) and bool not in kinds and kinds & {int, float}:
            raise ValueError("must be a number")
        return value


def distinct(values: list) -> list:
    """Refuse a list in which something stands twice."""
    if twice := sorted({str(value) for value in values if values.count(value) > 1}):
        raise ValueError(f"{', '.join(twice)} stands twice")
    return values


# Of a key that takes one of several shapes: only the shape that was written is checked, so that
# its problems are those of the writer. Angle brackets keep the tags out of messages
# (`codebook.describe_problems`).
MAPPING, LIST, TEXT = "<mapping>", "<list>", "<text>"


def shape(value: Any) -> str:
    """Say whether a value is a mapping, a list or anything else."""
    if isinstance(value, dict | BaseModel):
        return MAPPING
    return LIST if isinstance(value, list | tuple) else TEXT


def by_shape(allowed: str) -> Discriminator:
    """Choose among shapes; `allowed` says what may be written, when it is none of them."""
    return Discriminator(
        shape, custom_error_type="shape", custom_error_message=f"must be {allowed}"
    )
