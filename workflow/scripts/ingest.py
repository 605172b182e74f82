"""Read, map and clean one raw file."""

from pathlib import Path

from reintegration.codebook import load_codebook
from reintegration.config import Assistance, Cleaning
from reintegration.ingest.decisions import load_decisions
from reintegration.ingest.intake import take_in, write_result
from reintegration.ingest.pseudonym import find_key
from reintegration.ingest.source import Source, read_source
from reintegration.private import private_folder
from reintegration.step import step

with step(snakemake.log[0]):
    declared = snakemake.params.source  # None: the world's own mapping, made with its files
    codebook = load_codebook(snakemake.input.instrument, snakemake.input.variables)
    result = take_in(
        source=Source.model_validate(declared)
        if declared
        else read_source(snakemake.input.mapping[0]),
        raw_dir=snakemake.params.raw,
        codebook=codebook,
        cleaning=Cleaning.model_validate(snakemake.params.cleaning),
        assistance=Assistance.model_validate(snakemake.params.assistance),
        key=find_key(snakemake.params.simulated),
        on_bad_source=snakemake.params.on_bad_source,
        decisions=load_decisions(snakemake.params.decisions, codebook),
    )
    folder = Path(snakemake.output.surveys).parent
    for above in (folder.parent.parent, folder.parent):  # results/clean, results/clean/sources
        private_folder(above)
    write_result(result, folder)
