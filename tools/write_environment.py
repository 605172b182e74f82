"""Write environment.yml: for conda users, the locked versions of the packages named here."""

import re
import tomllib
from pathlib import Path

from packaging.markers import Marker

PYTHON = "3.12"


def named_packages(project: dict) -> list[str]:
    """Packages that pyproject.toml names, without extras and version limits."""
    requirements = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    return sorted(re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements)


def locked_version(name: str, lock: dict) -> str:
    """The version that the lock file holds for Python `PYTHON` on Linux."""
    machine = {
        "python_full_version": f"{PYTHON}.0",
        "python_version": PYTHON,
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    versions = [
        package["version"]
        for package in lock["package"]
        if package["name"] == name
        and (
            not package.get("resolution-markers")
            or any(Marker(marker).evaluate(machine) for marker in package["resolution-markers"])
        )
    ]
    if len(versions) != 1:
        raise SystemExit(f"uv.lock holds {versions or 'no version'} of {name} for Python {PYTHON}")
    return versions[0]


def environment_text(root: Path) -> str:
    """The text of environment.yml for the checkout `root`."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))
    lines = [
        "# Written by `make docs` from pyproject.toml and uv.lock; for conda users:",
        "#   conda env create -f environment.yml && conda activate reintegration",
        "#   pip install --no-deps -e . && reintegration study",
        "name: reintegration",
        "channels: [conda-forge, bioconda, nodefaults]",
        "dependencies:",
        f"  - python={PYTHON}",
        *[f"  - {name}={locked_version(name, lock)}" for name in named_packages(project)],
        "  - pip",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    here = Path(__file__).resolve().parent.parent
    (here / "environment.yml").write_text(environment_text(here), encoding="utf-8")
    print("wrote environment.yml")
