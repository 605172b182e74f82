"""Thousands of regressions on one sample, from statistics formed in one reading of its rows."""
