"""The choices of the study that the report follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reintegration import config as choices
from reintegration.codebook import Codebook
from reintegration.report.language import Language


@dataclass(frozen=True)
class Settings:
    """Sections of the configuration and the codebook, as the report needs them."""

    study: choices.Study
    data: choices.Data
    cleaning: choices.Cleaning
    inference: choices.Inference
    orion: choices.Orion
    trends: choices.Trends
    minimum_cell: int
    codebook: Codebook
    language: Language
    specifications: tuple[Mapping[str, Any], ...] = ()  # as declared, plain

    @classmethod
    def from_config(cls, config: Mapping[str, Any], root: str | Path = ".") -> "Settings":
        """Read the sections named in `outputs.SECTIONS` from plain data; files are below `root`."""
        codebook = choices.Instrument.model_validate(config["instrument"]).codebook(root)
        report = choices.Report.model_validate(config["report"])
        return cls(
            study=choices.Study.model_validate(config["study"]),
            data=choices.Data.model_validate(config["data"]),
            cleaning=choices.Cleaning.model_validate(config["cleaning"]),
            inference=choices.Inference.model_validate(config["inference"]),
            orion=choices.Orion.model_validate(config["orion"]),
            trends=choices.Trends.model_validate(config["trends"]),
            minimum_cell=choices.Disclosure.model_validate(config["disclosure"]).minimum_cell,
            codebook=codebook,
            language=Language(report.language, codebook),
            specifications=tuple(config.get("specifications", ())),
        )

    @property
    def simulated(self) -> bool:
        """Whether the data are simulated; every exhibit then says so."""
        return self.data.world is not None

    @property
    def studied(self) -> list[str]:
        """Countries that the study names; none where it takes all that it finds."""
        countries = self.study.countries
        return [] if isinstance(countries, str) else list(countries)

    @property
    def mark(self) -> str:
        """The words that mark simulated data; empty for real data."""
        return self.language.plain("words.simulated") if self.simulated else ""

    @property
    def data_label(self) -> str:
        """Content of the column `data` of every table: simulated or survey."""
        return "simulated" if self.simulated else "survey"

    @property
    def source_line(self) -> str:
        """Where the data are from, below each exhibit."""
        key = "words.source_simulated" if self.simulated else "words.source_real"
        world = self.data.world.stem if self.data.world else ""
        return self.language.plain(key, world=world, instruments=self.language.instruments)
