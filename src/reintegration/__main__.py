"""`python -m reintegration`."""

from reintegration.cli import app

app(prog_name="reintegration")
