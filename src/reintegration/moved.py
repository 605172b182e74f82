"""Scores without the items that a type of assistance moves by itself."""

from collections.abc import Mapping, Sequence

from reintegration.codebook import Codebook


def moved_scores(codebook: Codebook, moves: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """List for each score the types of assistance that move items of it by themselves.

    Parameters
    ----------
    moves
        Items by type of assistance, as `assistance.moves` of config.yaml.
    """
    return {
        score: [
            kind
            for kind, items in moves.items()
            if set(items) & set(codebook.instrument_of(score).weights_of(score))
        ]
        for score in codebook.score_names
    }


def without(score: str, kind: str) -> str:
    """Name the score without the items that a type of assistance moves."""
    return f"{score}_without_{kind}"
