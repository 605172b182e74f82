"""An edit reruns what it can change and nothing else."""

ESTIMATION = {
    *(
        "regress",
        "crosscheck",
        "columns",
        "ledger",
        "passports",
        "claims",
        "figures",
        "tables",
        "report",
        "audit_page",
        "plant",
    ),
}


def append(path, text="\n# edited\n"):
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_touching_files_reruns_nothing(kept):
    for name in (
        "src/reintegration/scoring/scores.py",
        "config.yaml",
        "data/instruments/rss.yaml",
        "data/demo/tiny/raw/gin.xlsx",
    ):
        (kept.folder / name).touch()
    assert kept.would_run() == {}


def test_an_edit_of_one_specification_reruns_estimation_only(kept):
    def without_mode(config):
        config["specifications"][0]["controls"].remove("mode")

    kept.configure(without_mode)
    again = set(kept.would_run())
    assert {"regress", "claims", "report"} <= again <= ESTIMATION


def test_an_edit_of_the_kernel_reruns_fits_and_never_ingest(kept):
    append(kept.folder / "src/reintegration/estimation/covariance.py")
    again = set(kept.would_run())
    assert {"regress", "orion", "trends", "report"} <= again
    assert not again & {"simulate", "ingest", "pool", "score"}


def test_an_edit_of_a_figure_reruns_figures_and_the_page(kept):
    append(kept.folder / "src/reintegration/report/figures/network.py")
    assert set(kept.would_run()) == {"figures", "report", "audit_page"}


def test_an_edit_of_one_source_reruns_its_ingest_and_what_follows(kept):
    append(kept.folder / "data/demo/tiny/raw/central.csv", "\n")
    again = kept.would_run()
    assert again["ingest"] == 1
    assert {"pool", "score", "regress", "report"} <= set(again)
    assert "simulate" not in again
