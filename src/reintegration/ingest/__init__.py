"""Ingest: raw files of many offices become one clean table of surveys, with its account."""
