from pathlib import Path

import pytest
from made_up_results import config, make_results

from reintegration.report.numbers import Numbers, read_results
from reintegration.report.outputs import RESULTS
from reintegration.report.settings import Settings


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The study's choices, on simulated data."""
    return Settings.from_config(config())


@pytest.fixture(scope="session")
def real_settings() -> Settings:
    """The study's choices, on real data."""
    return Settings.from_config(config(world=None))


@pytest.fixture(scope="session")
def made_up(tmp_path_factory) -> dict[str, Path]:
    """Results of five countries with follow-ups and mentoring."""
    return make_results(tmp_path_factory.mktemp("made_up"))


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> dict[str, Path]:
    """Results of one country outside the pilot, without follow-ups and mentoring."""
    folder = tmp_path_factory.mktemp("bare")
    return make_results(folder, countries=["NGA"], follow_ups=False, mentored=False)


@pytest.fixture(scope="session")
def frames(made_up):
    return read_results(made_up, RESULTS)


@pytest.fixture(scope="session")
def bare_frames(bare):
    return read_results(bare, RESULTS)


@pytest.fixture
def numbers(frames, settings) -> Numbers:
    return Numbers(frames, settings.language, (), settings.minimum_cell)
