"""Reruns the comparative study of returnees' reintegration."""

COMMAND = ".venv/bin/reintegration"  # how it is called from the checkout, nothing activated
