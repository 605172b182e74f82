"""Scoring: answers become scores in [0, 1], three dimensions and the composite."""
