"""A world small enough for a test, built from the demo."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from reintegration.codebook import Codebook, load_codebook
from reintegration.simulation.world import World, load_world


@pytest.fixture(scope="session")
def codebook(root: Path) -> Codebook:
    folder = root / "data" / "instruments"
    return load_codebook(folder / "rss.yaml", folder / "variables.yaml")


@pytest.fixture(scope="session")
def demo(root: Path) -> World:
    return load_world(root / "worlds" / "demo.yaml")


@pytest.fixture
def variant(root: Path, tmp_path: Path) -> Callable[..., World]:
    """Load a variant of the demo from the keys it changes."""

    def load(**keys: Any) -> World:
        path = tmp_path / "variant.yaml"
        base = str(root / "worlds" / "demo.yaml")
        path.write_text(yaml.safe_dump({"extends": base, **keys}), encoding="utf-8")
        return load_world(path)

    return load


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
