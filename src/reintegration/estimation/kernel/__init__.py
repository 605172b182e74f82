"""Thousands of regressions on one sample, from statistics formed in one reading of its rows.

    statistics = gram(frame, clusters=frame["country"].to_numpy(), cluster_name="country")
    found = solve(statistics, [Equation("score", ("training", "age"), ("training",)), ...])
    found.table()
    wild_bootstrap(statistics, Equation("score", ("training", "age")), "training")

`gram` reads the rows, `single` solves one regression by QR, `solve` many in batches, `wild` is
the wild cluster bootstrap, `resample` leaves out, draws and permutes clusters.
"""
