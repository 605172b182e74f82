"""From a results file to the code that made it; a test holds this against rules and scripts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """Where the rows of a results file are made."""

    rule: str
    function: str  # with its module, below the package

    @property
    def script(self) -> str:
        """The rule's script."""
        return f"workflow/scripts/{self.rule}.py"

    @property
    def module(self) -> str:
        """File of the module that holds the function."""
        return f"src/reintegration/{self.function.rpartition('.')[0].replace('.', '/')}.py"


_POOL = Origin("pool", "ingest.pool.pool")
_DESCRIBE = Origin("describe", "studies.descriptives.run_describe")
_REGRESS = Origin("regress", "studies.assistance.run_regress")
_ORION = Origin("orion", "studies.orion.run_orion")
_TRENDS = Origin("trends", "studies.trends.run_trends")

ORIGINS: dict[str, Origin] = {
    "flow": _POOL,
    "rules": _POOL,
    "sources": _POOL,
    "descriptives": _DESCRIBE,
    "distributions": _DESCRIBE,
    "specs": Origin("ledger", "audit.marks.run_ledger"),
    "estimates": _REGRESS,
    "models": _REGRESS,
    "rows": _REGRESS,
    "ranks": _REGRESS,
    "importance": _REGRESS,
    "columns": Origin("columns", "studies.columns.run_columns"),
    "refits": _REGRESS,
    "effects": _ORION,
    "means": _ORION,
    "orion_changes": _ORION,
    "slopes": _TRENDS,
    "lines": _TRENDS,
    "ledger": Origin("ledger", "audit.marks.run_ledger"),
    "claims": Origin("claims", "audit.verdicts.run_claims"),
    "crosscheck": Origin("crosscheck", "audit.crosscheck.run_crosscheck"),
}
