"""Scoring: answers become scores in [0, 1], the dimensions and composite of each instrument."""

from reintegration.scoring.reliability import Alpha, cronbach_alpha, reliability
from reintegration.scoring.scores import applicable, item_scores, score

__all__ = [
    "Alpha",
    "applicable",
    "cronbach_alpha",
    "item_scores",
    "reliability",
    "score",
]
