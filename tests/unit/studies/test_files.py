"""The functions that the rules call: files in, files out, the same bytes each time."""

from pathlib import Path

import pandas as pd
import pytest

from reintegration.config import Inference
from reintegration.studies.assistance import Regressions, run_regress
from reintegration.studies.descriptives import Descriptives, run_describe
from reintegration.studies.orion import OrionResults, run_orion
from reintegration.studies.trends import TrendResults, run_trends
from reintegration.tables_io import read_csv

INFERENCE = Inference(confidence_level=0.95, seed=3, bootstrap_draws=99, stars=False)


@pytest.fixture(scope="module")
def inputs(frame, tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("inputs")
    surveys, scores = folder / "surveys.parquet", folder / "scores.parquet"
    counted = [name for name in frame if name.startswith(("items_answered_", "item_"))]
    own = ["economic", "social", "psychosocial", "composite", *counted]
    frame.drop(columns=own).to_parquet(surveys)
    frame[["survey_id", *own]].to_parquet(scores)
    return surveys, scores


def run(study: str, inputs: tuple[Path, Path], outputs: dict[str, Path], config, codebook) -> None:
    if study == "describe":
        run_describe(*inputs, outputs, codebook, confidence=0.95, minimum_cell=5)
    elif study == "regress":
        levels = config.specifications[:1]
        run_regress(*inputs, outputs, levels, config.assistance, INFERENCE)
    elif study == "orion":
        run_orion(*inputs, outputs, config.orion, INFERENCE)
    else:
        run_trends(*inputs, outputs, config.trends, INFERENCE)


@pytest.mark.parametrize(
    ("study", "results"),
    [
        ("describe", Descriptives),
        ("regress", Regressions),
        ("orion", OrionResults),
        ("trends", TrendResults),
    ],
)
def test_two_runs_write_the_same_bytes(study, results, inputs, config, codebook, tmp_path):
    names = list(results.__dataclass_fields__)
    written = []
    for folder in ("one", "two"):
        outputs = {name: tmp_path / folder / f"{name}.csv" for name in names}
        run(study, inputs, outputs, config, codebook)
        written.append({name: path.read_bytes() for name, path in outputs.items()})
    assert written[0] == written[1]
    for name in names:
        assert len(read_csv(tmp_path / "one" / f"{name}.csv")) > 0, name


def test_the_seed_moves_only_what_is_drawn(inputs, config, tmp_path):
    tables: list[dict[str, pd.DataFrame]] = []
    for seed in (1, 2):
        outputs = {
            name: tmp_path / str(seed) / f"{name}.csv" for name in Regressions.__dataclass_fields__
        }
        inference = INFERENCE.model_copy(update={"seed": seed})
        run_regress(*inputs, outputs, config.specifications[:1], config.assistance, inference)
        tables.append({name: read_csv(path) for name, path in outputs.items()})
    one, two = tables
    for table in (one, two):
        drawn = table["estimates"]["vcov"].isin(["wild", "permutation"])
        table["estimates"] = table["estimates"][~drawn].drop(columns="p_romano_wolf")
    for name in ("specs", "estimates", "models", "rows"):
        pd.testing.assert_frame_equal(one[name], two[name])
    assert (one["importance"]["estimate"] == two["importance"]["estimate"]).all()
    assert (one["importance"]["conf_low"] != two["importance"]["conf_low"]).any()
