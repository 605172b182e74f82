"""Judge the claims of the published study on these results."""

from reintegration.audit.verdicts import run_claims
from reintegration.codebook import load_codebook
from reintegration.step import step

with step(snakemake.log[0]):
    codebook = load_codebook(snakemake.input.instrument, snakemake.input.variables)
    run_claims(
        claims_path=next(iter(snakemake.input.claims), None),
        tables=snakemake.input.tables,
        scores=codebook.main.score_names,
        planted_path=snakemake.input.get("planted") or None,
        out=snakemake.output.claims,
        studied=snakemake.params.countries,
    )
