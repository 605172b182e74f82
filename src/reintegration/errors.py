"""The one exception that carries a message for the person at the keyboard."""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class StudyError(Exception):
    """Something in the input or the configuration must be mended by a person.

    Parameters
    ----------
    headline
        One sentence: what cannot go on.
    problems
        Every problem found, each naming file, column or key, value, and what was allowed.
    usable
        What could be made all the same, for looking on for further problems and nothing else.
    """

    def __init__(self, headline: str, problems: Sequence[str] = (), usable: Any = None):
        self.headline = headline
        self.problems = list(problems)
        self.usable = usable
        super().__init__("\n".join([headline, *(f"  - {problem}" for problem in self.problems)]))


class Gathered:
    """Errors of steps that can be taken in spite of one another, to be said all at once."""

    def __init__(self) -> None:
        self.errors: list[StudyError] = []

    def attempt(
        self,
        step: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result | None:
        """Take a step; of one that fails, keep the error and return what is usable all the same."""
        try:
            return step(*args, **kwargs)
        except StudyError as error:
            self.errors.append(error)
            return error.usable

    def stop(self) -> None:
        """Raise what was gathered, if anything was, as one error."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            headlines = dict.fromkeys(error.headline for error in self.errors)
            problems = [problem for error in self.errors for problem in error.problems]
            raise StudyError(" ".join(headlines), problems)
