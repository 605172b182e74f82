"""Judge the claims of the published study on these results."""

from reintegration.audit.verdicts import run_claims
from reintegration.codebook import load_codebook
from reintegration.step import step

with step(snakemake.log[0]):
    codebook = load_codebook(snakemake.input.instrument, snakemake.input.variables)
    run_claims(
        claims_path=snakemake.input.claims,
        tables=snakemake.input.tables,
        dimensions=list(codebook.dimensions),
        planted_path=snakemake.input.get("planted") or None,
        out=snakemake.output.claims,
    )
