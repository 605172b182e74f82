"""What a study will read, known before any work: checked choices and the list of sources.

Light to import: the Snakefile asks for it each time it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reintegration.audit.claims import load_claims
from reintegration.audit.ledger import LEDGER
from reintegration.codebook import Codebook, read_yaml
from reintegration.config import Config, check_against_codebook, check_config
from reintegration.errors import StudyError
from reintegration.estimation.declared import check_specifications
from reintegration.ingest.decisions import Decisions, load_decisions
from reintegration.studies.nested import column_pairs

DEMO = Path("data/demo")  # one folder per simulated world


@dataclass(frozen=True)
class Plan:
    """A checked configuration and where its sources are.

    Attributes
    ----------
    config
        All choices of the study.
    root
        Folder of config.yaml; all paths below are relative to it.
    world
        Folder that the simulated world is made in, or None for real data.
    world_files
        The world's YAML and those it extends.
    raw
        Folder of the raw files.
    mappings
        Folder of one YAML per source.
    files
        Name of each source -> name of its raw file.
    sources
        Name of each source -> how its file maps to the codebook, as plain data; empty for a
        simulated world, which makes its mappings with its files.
    decisions
        What was decided by hand.
    """

    config: Config
    root: Path
    world: Path | None
    world_files: tuple[str, ...]
    raw: Path
    mappings: Path
    files: Mapping[str, str]
    sources: Mapping[str, dict[str, Any]]
    decisions: Decisions

    @property
    def codebook(self) -> dict[str, str | list[str]]:
        """The codebook's files, as a rule's named inputs."""
        return {
            "instrument": [str(path) for path in self.config.instrument.files],
            "variables": str(self.config.instrument.variables),
        }

    @property
    def simulated(self) -> bool:
        """Whether the data studied are simulated."""
        return self.world is not None

    @property
    def planted(self) -> str | None:
        """Which claims the simulated world makes true; the only part of the truth that is read."""
        return str(self.world / "planted.csv") if self.world and self.claims else None

    @property
    def claims(self) -> list[str]:
        """The file of claims as a rule's input; none where there is no study to compare with."""
        return [str(self.config.instrument.claims)] if self.config.instrument.claims else []

    def on_bad_source(self, source: str) -> str:
        """What becomes of a source that cannot be used: of another country, it may wait."""
        declared = self.sources.get(source, {})
        abroad = declared.get("country") not in (None, *self.config.study.countries)
        waits = any(declared.get("unsure", {}).values())
        return "leave_out" if abroad and waits else self.config.data.on_bad_source

    @property
    def ledger(self) -> list[str]:
        """The ledger of frozen specifications as a rule's input; none where nothing is frozen."""
        return [str(LEDGER)] if (self.root / LEDGER).exists() else []

    def raw_file(self, source: str) -> str:
        """The raw file of a source."""
        return str(self.raw / self.files[source])

    def mapping_file(self, source: str) -> str:
        """Where the mapping of a simulated source is made."""
        return str(self.mappings / f"{source}.yaml")

    def decided(self, source: str | None = None) -> str:
        """Digest of what was decided about a source, or at all; another one reruns the step."""
        return self.decisions.digest(source)

    def existing(self, path: str) -> list[str]:
        """A file as a rule's input: itself when it is there or will be made, else nothing."""
        return [path] if self.simulated or (self.root / path).exists() else []


def _world_files(path: Path) -> tuple[Path, ...]:
    base = read_yaml(path).get("extends")
    return (path, *(_world_files(path.parent / str(base)) if base else ()))


def make_plan(raw_config: dict[str, Any], root: str | Path = ".") -> Plan:
    """Check a configuration as read from YAML, with all it names, and list the sources.

    Raises
    ------
    StudyError
        With every problem found in the first file that is wrong.
    """
    root = Path(root)
    config = check_config(raw_config, root)
    codebook = config.instrument.codebook(root)
    check_against_codebook(config, codebook)
    if config.instrument.claims:
        load_claims(root / config.instrument.claims)
    check_specifications(
        config.specifications, config.assistance, config.orion, config.trends, codebook
    )
    column_pairs(config.specifications, config.assistance)
    if config.data.world is None:
        from reintegration.ingest.columns import check_sources
        from reintegration.ingest.source import check_confirmed, load_sources

        sources = load_sources(root / config.data.raw, root / config.data.sources)
        check_sources(sources, codebook)
        if config.data.on_bad_source == "stop":
            studied = config.study.countries
            check_confirmed([one for one in sources if one.country in (None, *studied)])
        files = {source.source: source.file for source in sources}
        mappings = {source.source: source.model_dump(mode="json") for source in sources}
        decisions = _decisions(config.data.decisions, root, codebook, files)
        raw, folder = config.data.raw, config.data.sources
        return Plan(config, root, None, (), raw, folder, files, mappings, decisions)

    from reintegration.simulation.world import load_world

    world = load_world(root / config.data.world)
    if not codebook.main.items.keys() & world.items.keys():
        raise StudyError(
            f"{config.data.world}: the simulated world answers another instrument.",
            [
                f"instrument.items: the world answers none of the items of"
                f" {codebook.main.title.en}; study files of your own (`data: world: null`), or"
                " name the instrument that it answers first"
            ],
        )
    folder = DEMO / world.name
    files = {source.name: source.filename for source in world.sources()}
    return Plan(
        config,
        root,
        folder,
        tuple(str(path.relative_to(root)) for path in _world_files(root / config.data.world)),
        folder / "raw",
        folder / "sources",
        files,
        {},
        _decisions(folder / "decisions", root, codebook, files),
    )


def _decisions(folder: Path, root: Path, codebook: Codebook, files: Mapping[str, str]) -> Decisions:
    """Decisions by hand, checked; their folder as the steps see it."""
    return replace(load_decisions(root / folder, codebook, files), folder=folder)


def read_plan(path: str | Path) -> Plan:
    """Read a configuration file and plan its study, as `make_plan` does."""
    path = Path(path)
    return make_plan(read_yaml(path), path.parent)
