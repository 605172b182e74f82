"""Estimation: specifications written as data become estimates with named errors."""
