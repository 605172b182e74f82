"""The one exception that carries a message for the person at the keyboard."""

from collections.abc import Sequence


class StudyError(Exception):
    """Something in the input or the configuration must be mended by a person.

    Parameters
    ----------
    headline
        One sentence: what cannot go on.
    problems
        Every problem found, each naming file, column or key, value, and what was allowed.
    """

    def __init__(self, headline: str, problems: Sequence[str] = ()):
        self.headline = headline
        self.problems = list(problems)
        super().__init__("\n".join([headline, *(f"  - {problem}" for problem in self.problems)]))
