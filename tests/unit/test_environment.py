"""Generated files are in step with what they are generated from."""

import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from reintegration.reference import (
    CODEBOOK,
    REFERENCE,
    SCHEMA,
    codebook_text,
    reference_text,
    schema_text,
)


def test_environment_lists_the_locked_versions(root):
    write = runpy.run_path(str(root / "tools/write_environment.py"))
    assert (root / "environment.yml").read_text() == write["environment_text"](root)


def test_environment_names_every_package_of_the_project(root):
    write = runpy.run_path(str(root / "tools/write_environment.py"))
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())
    listed = yaml.safe_load((root / "environment.yml").read_text())["dependencies"]
    pinned = {line.split("=")[0] for line in listed if isinstance(line, str) and "=" in line}
    assert pinned - {"python"} == set(write["named_packages"](project))


@pytest.mark.parametrize(
    ("path", "text"),
    [(SCHEMA, schema_text), (REFERENCE, reference_text), (CODEBOOK, codebook_text)],
)
def test_generated_pages_are_in_step_with_their_source(root, path, text):
    assert (root / path).read_text() == text(), "run `make docs`"


def find_python(root: Path, folder: Path) -> subprocess.CompletedProcess:
    """Look for a Python with nothing but `folder` to look in."""
    return subprocess.run(
        ["/bin/sh", str(root / "tools/find_python.sh")],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
    )


def fake(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_shim_that_fails_is_passed_over(root, tmp_path):
    fake(tmp_path, "python3.13", "echo 'python3.13: command not found' >&2; exit 127")
    fake(tmp_path, "python3.12", "echo /opt/python3.12")
    found = find_python(root, tmp_path)
    assert found.stdout == "/opt/python3.12\n"
    assert found.returncode == 0


def test_no_python_is_said_in_one_line(root, tmp_path):
    fake(tmp_path, "python3", "exit 0")  # a version outside 3.11 to 3.13 prints nothing
    found = find_python(root, tmp_path)
    assert found.returncode == 1
    assert "No Python 3.11, 3.12 or 3.13 was found" in found.stderr
    assert found.stderr.count("\n") == 1


def test_a_python_without_pip_and_venv_is_said_in_one_line(root, tmp_path):
    checkout = tmp_path / "étude à copier"
    shutil.copytree(root / "tools", checkout / "tools")
    for name in ("uv.lock", "pyproject.toml"):
        shutil.copy(root / name, checkout)
    fake(
        tmp_path,
        "python3.13",
        f'[ "$1" = -c ] && [ "${{2#*version_info}}" != "$2" ] && echo {tmp_path}/python3.13',
    )
    said = subprocess.run(
        ["/bin/sh", str(checkout / "tools/setup.sh")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].endswith("apt install python3-venv, then call make again")
    assert not (checkout / ".venv").exists()
