"""What all tests share: the checkout's folder, and no skipped test where CI runs."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


# Long folders, first: their tests wait for processes of their own while others work.
TOGETHER = ("workflow", "recovery")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what shares its preparation on one of the workers of `pytest -n`."""

    def group(item: pytest.Item) -> str:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        return folder if folder in TOGETHER else str(item.path)

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    items.sort(key=lambda item: (*TOGETHER, group(item)).index(group(item)))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that did not run has not passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        reporter.write_line("CI permits no skipped test.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
