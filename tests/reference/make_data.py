"""Write surveys.csv: small, unbalanced, with missing cells and columns that alias others.

.venv/bin/python tests/reference/make_data.py
Rscript tests/reference/reference.R tests/reference/surveys.csv tests/reference/reference.json
"""

from pathlib import Path

import numpy as np
import pandas as pd

COUNTRIES = ["CIV", "ETH", "GIN", "MAR", "SEN"]


def surveys() -> pd.DataFrame:
    """150 returnees with one to three surveys each."""
    rng = np.random.default_rng(20201231)
    people = 150
    rounds = rng.choice([1, 2, 3], people, p=[0.4, 0.45, 0.15])
    person = np.repeat(np.arange(people), rounds)
    n = len(person)
    country = rng.choice(COUNTRIES, people, p=[0.3, 0.25, 0.2, 0.1, 0.15])[person]
    woman = (rng.random(people) < 0.3)[person]
    stranded = (rng.random(people) < 0.3)[person]
    age = np.round(rng.normal(28, 6, people))[person]
    training = (rng.random(n) < 0.35).astype(int)
    micro = (rng.random(n) < 0.4).astype(int)
    months = np.round(rng.uniform(1, 24, n), 2)
    level = dict(zip(COUNTRIES, [-0.05, 0.04, -0.08, 0.02, 0.0], strict=True))
    error = rng.normal(0, 0.08, people)[person] + rng.normal(0, 0.05, n) * (1 + training)
    score = (
        0.5
        + np.array([level[name] for name in country])
        + 0.04 * training
        + 0.02 * micro
        + 0.004 * months
        - 0.03 * stranded
        + error
    )
    frame = pd.DataFrame(
        {
            "survey_id": [f"S{i:03d}" for i in range(n)],
            "returnee_id": [f"R{i:03d}" for i in person],
            "country": country,
            "score": np.round(score, 6),
            "assistance_training": training,
            "assistance_microbusiness": micro,
            "stranded": np.where(stranded, "yes", "no"),
            "sex": np.where(woman, "woman", "man"),
            "age": age,
            "months": months,
        }
    )
    frame["visited_senegal"] = (frame["country"] == "SEN").astype(int)  # aliases country
    frame["age_months"] = frame["age"] + 2 * frame["months"]  # aliases two numbers
    frame.loc[rng.choice(n, 9, replace=False), "age"] = np.nan
    frame.loc[rng.choice(n, 5, replace=False), "score"] = np.nan
    return frame


if __name__ == "__main__":
    path = Path(__file__).with_name("surveys.csv")
    surveys().to_csv(path, index=False, lineterminator="\n")
