"""Rules are thin and bear the names of their scripts; scripts hold no statistics."""

import ast
import re

from typer.testing import CliRunner

from reintegration.cli import app

BLOCK = re.compile(r"^ *rule (\w+):\n(.*?)(?=^ *rule |\Z)", re.M | re.S)


def rules(root) -> dict[str, str]:
    texts = [path.read_text() for path in sorted((root / "workflow/rules").glob("*.smk"))]
    return {name: body for text in texts for name, body in BLOCK.findall(text)}


def test_each_rule_has_log_benchmark_environment_and_the_script_of_its_name(root):
    for name, body in rules(root).items():
        assert f'"../scripts/{name}.py"' in body, name
        for directive in ("input:", "output:", "log:", "benchmark:", "conda:"):
            assert directive in body, (name, directive)
        assert "run:" not in body, name


def test_each_script_belongs_to_a_rule(root):
    scripts = {path.stem for path in (root / "workflow/scripts").glob("*.py")}
    assert scripts == set(rules(root))


def test_scripts_only_load_call_and_write(root):
    for path in (root / "workflow/scripts").glob("*.py"):
        tree = ast.parse(path.read_text())
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)]
        assert [n for n in tree.body if isinstance(n, ast.With)], f"{path}: without its step"
        assert len(path.read_text().splitlines()) < 40, path
        # Choices come through `params`, where Snakemake sees a change.
        assert "snakemake.config" not in path.read_text()


def test_commands_say_what_they_do():
    said = CliRunner().invoke(app, ["--help"]).output
    assert all(command in said for command in ("study", "simulate", "docs"))


def test_a_world_that_is_not_there_is_one_message(tmp_path):
    world, out = str(tmp_path / "none.yaml"), str(tmp_path / "out")
    said = CliRunner().invoke(app, ["simulate", "--world", world, "--out", out])
    assert said.exit_code == 1
    assert "none.yaml" in said.output
    assert "Traceback" not in said.output
