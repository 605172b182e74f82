"""Simulation: worlds whose truth is planted and recorded, and the raw files they make."""
