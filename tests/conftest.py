"""What all tests share: the checkout's folder, and no skipped test where CI runs."""

import os
from pathlib import Path
from typing import Any

import pytest

# Before numpy is loaded: threads that share two cores with other tests cost a hundredfold.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


# Long folders, first: their tests wait for processes of their own while others work.
TOGETHER = ("tests/workflow", "tests/recovery")


def group(nodeid: str) -> str:
    """What shares its preparation with this test: a whole folder, or its file."""
    folder, file = "/".join(nodeid.split("/")[:2]), nodeid.split("::")[0]
    return folder if folder in TOGETHER else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long folders first."""
    items.sort(key=lambda item: (*TOGETHER, group(item.nodeid)).index(group(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep each group on one of the workers of `pytest -n`."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    return Groups(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test that did not run has not passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and reporter.stats.get("skipped"):
        reporter.ensure_newline()
        reporter.write_line("CI permits no skipped test.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
