"""Propose how a file of which nothing is known maps to the codebook."""
