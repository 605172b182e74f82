"""Which code a step of the workflow depends on, so that an edit reruns what it can change.

Snakemake tracks a rule's script but not the modules that the script imports. The hash made
here covers the script, every module of this package that it imports (directly, through other
modules, or inside a function) and the lock file, and becomes a parameter of the rule in
`workflow/rules/rerun.smk`.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "reintegration"


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node`, without what only a type checker runs."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from (n for other in child.orelse for n in (other, *_statements(other)))
        elif not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)


def _module_file(module: str, source: Path) -> Path | None:
    """The file of a dotted module name below the folder `source`, if there is one."""
    stem = source.joinpath(*module.split("."))
    for path in (stem.with_name(stem.name + ".py"), stem / "__init__.py"):
        if path.is_file():
            return path
    return None


def _names(node: ast.AST, package: str) -> Iterator[str]:
    """Dotted names that an import statement may load; `package` resolves leading dots."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")
            parents = parents[: len(parents) - node.level + 1]
            base = ".".join([*parents, *([base] if base else [])])
        yield base
        # `from package import module` loads a file of its own; other names lie in `base`.
        yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def _imports(path: Path, source: Path) -> frozenset[Path]:
    """Files of the package that one file imports, with the `__init__.py` on their way."""
    tree = ast.parse(path.read_bytes(), filename=str(path))
    inside = path.is_relative_to(source)
    package = ".".join(path.relative_to(source).parent.parts) if inside else ""
    found = set()
    for node in _statements(tree):
        for name in _names(node, package):
            if name.split(".")[0] != PACKAGE:
                continue
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                if file := _module_file(".".join(parts[:length]), source):
                    found.add(file)
    return frozenset(found)


def imported_files(script: str | Path, source: str | Path) -> list[Path]:
    """List the files of this package that a script runs, sorted.

    Parameters
    ----------
    script
        A Python file.
    source
        The folder that holds the package (`src`).
    """
    source = Path(source)
    todo = [Path(script)]
    seen: set[Path] = set()
    while todo:
        new = _imports(todo.pop(), source) - seen
        seen |= new
        todo += new
    return sorted(seen)


def code_hash(script: str | Path, root: str | Path) -> str:
    """Hash what a script runs: itself, the modules it imports and the locked packages.

    Contents and names count, times do not: touching a file changes nothing.
    """
    script, root = Path(script), Path(root)
    digest = hashlib.sha256()
    for path in [script, *imported_files(script, root / "src"), root / "uv.lock"]:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]
