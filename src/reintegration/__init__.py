"""Reruns the comparative study of returnees' reintegration."""
