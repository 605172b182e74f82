"""Which edits change the code hash of a rule."""

from pathlib import Path

import pytest

from reintegration.rerun import _imports, code_hash, imported_files

FILES = {
    "uv.lock": "1",
    "workflow/scripts/fit.py": "from reintegration.kernel import fit\n",
    "workflow/scripts/read.py": "import reintegration.reader\n",
    "src/reintegration/__init__.py": "",
    "src/reintegration/kernel.py": "def fit():\n    from .deep import solve\n    return solve\n",
    "src/reintegration/reader.py": (
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from reintegration.kernel import fit\n"
        "else:\n    from reintegration import words\n"
    ),
    "src/reintegration/words.py": "import json\n",
    "src/reintegration/deep/__init__.py": "from reintegration.deep.linear import solve\n",
    "src/reintegration/deep/linear.py": "def solve(): ...\n",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def imported(tree: Path, script: str) -> set[str]:
    files = imported_files(tree / f"workflow/scripts/{script}.py", tree / "src")
    return {path.relative_to(tree / "src/reintegration").as_posix() for path in files}


def test_follows_imports_inside_functions_and_through_packages(tree):
    assert imported(tree, "fit") == {
        "__init__.py",
        "kernel.py",
        "deep/__init__.py",
        "deep/linear.py",
    }


def test_what_only_a_type_checker_imports_does_not_count(tree):
    assert imported(tree, "read") == {"__init__.py", "reader.py", "words.py"}


@pytest.mark.parametrize(
    ("edited", "fit", "read"),
    [
        ("src/reintegration/deep/linear.py", True, False),
        ("src/reintegration/words.py", False, True),
        ("workflow/scripts/fit.py", True, False),
        ("src/reintegration/__init__.py", True, True),
        ("uv.lock", True, True),
    ],
)
def test_an_edit_changes_the_hash_of_what_imports_it(tree, edited, fit, read):
    def hashes() -> dict[str, str]:
        _imports.cache_clear()
        scripts = tree / "workflow/scripts"
        return {name: code_hash(scripts / f"{name}.py", tree) for name in ("fit", "read")}

    before = hashes()
    path = tree / edited
    path.write_text(path.read_text() + "# edited\n")
    after = hashes()
    assert {name for name in before if before[name] != after[name]} == {
        name for name, changed in (("fit", fit), ("read", read)) if changed
    }


def test_touching_a_file_changes_nothing(tree):
    before = code_hash(tree / "workflow/scripts/fit.py", tree)
    (tree / "src/reintegration/kernel.py").touch()
    _imports.cache_clear()
    assert code_hash(tree / "workflow/scripts/fit.py", tree) == before
