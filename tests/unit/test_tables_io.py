"""Tables on disk: harmless in spreadsheets, exact when read again, private where they must be."""

import csv
import os
import stat

import numpy as np
import pandas as pd
import pytest

from reintegration import tables_io
from reintegration.tables_io import read_csv, write_csv, write_parquet
from reintegration.text import as_it_was, harmless

FORMULAS = ["=1+1", "+1+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "a;=1", "a;-b", "x\n=1", "\uff1d1"]
PLAIN = ["", "a", "'", "'a", "1", "-5", "+5", "-0.5", "-1e-05", "a=1", "it's -5", "2019-05-20"]
ODD = ["'=1", "''=1", "'-5", "a;'=1", "'\t'=1", "=\r=", ";;=", "-", "--5", "a\rb", 'say "x", ;']


@pytest.mark.parametrize("text", [*FORMULAS, *PLAIN, *ODD])
def test_texts_are_harmless_and_come_back(text):
    safe = harmless(text)
    assert as_it_was(safe) == text
    number = text in ("-5", "+5", "-0.5", "-1e-05")
    for cell in safe.replace("\n", ";").split(";"):
        assert number or not cell.startswith(tuple("=+-@\t\r\uff1d"))
    if text in PLAIN:
        assert safe == text


def test_a_table_comes_back_as_it_was_written(tmp_path):
    texts = [*FORMULAS, *PLAIN[1:], *ODD, None]
    frame = pd.DataFrame({"=name": pd.Series(texts, dtype="str"), "n": np.arange(len(texts)) / -3})
    frame["kind"] = pd.Categorical(["@x", "b"] * (len(texts) // 2) + ["@x"] * (len(texts) % 2))
    write_csv(frame, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["'=name", "n", "kind"]
    assert len(rows) == len(texts) + 1
    assert not [c for row in rows for c in (row[0], row[2]) if c.startswith(("=", "@", "\t", "\r"))]
    again = read_csv(tmp_path / "t.csv", dtype={"=name": "str"})
    assert again["=name"].fillna("").tolist() == [text or "" for text in texts]
    assert again["kind"].tolist() == frame["kind"].tolist()
    assert again["n"].tolist() == pytest.approx(frame["n"].tolist())
    assert read_csv(tmp_path / "t.csv", dtype="str").columns[0] == "=name"


@pytest.mark.parametrize("kind", ["str", "object", "category"])
def test_a_table_whose_index_repeats_is_written_row_by_row(tmp_path, kind):
    texts = ["=1", "plain", "-x", None]
    frame = pd.DataFrame({"a": pd.Series(texts, dtype=kind), "n": range(4)})
    frame.index = pd.Index([0, 1, 0, 1])
    write_csv(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == "a,n\n'=1,0\nplain,1\n'-x,2\n,3\n"
    assert frame["a"].tolist()[:3] == texts[:3]


def test_categories_are_written_as_texts_in_parts_and_the_same_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(tables_io, "ROWS_AT_ONCE", 3)
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", None, "b", "a", None, None, None], ["a", "b", "c"]),
            "day": pd.to_datetime(["2019-01-01", None] * 3 + ["2020-01-01"]).astype(
                "datetime64[us]"
            ),
            "n": pd.array([1, None, 0, 1, 1, 1, None], dtype="Int8"),
        }
    )
    for name in ("one", "two"):
        write_parquet(frame, tmp_path / name)
        write_parquet(frame, tmp_path / f"{name}_kept", categories=True)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one_kept").read_bytes() == (tmp_path / "two_kept").read_bytes()
    plain = pd.read_parquet(tmp_path / "one")
    pd.testing.assert_frame_equal(plain, frame.astype({"kind": "str"}))
    kept = pd.read_parquet(tmp_path / "one_kept")
    pd.testing.assert_frame_equal(kept, frame)
    write_parquet(frame.iloc[:0], tmp_path / "none")
    assert pd.read_parquet(tmp_path / "none").dtypes.equals(plain.dtypes)


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_private_tables_are_for_their_owner_alone(tmp_path):
    frame = pd.DataFrame({"a": ["x"]})
    before = os.umask(0o022)
    try:
        write_csv(frame, tmp_path / "clean" / "t.csv", private=True)
        write_parquet(frame, tmp_path / "clean" / "t.parquet", private=True)
        write_csv(frame, tmp_path / "open" / "t.csv")
        (tmp_path / "open").chmod(0o755)
        write_csv(frame, tmp_path / "open" / "t.csv", private=True)  # it was open before
    finally:
        os.umask(before)
    for path in [*tmp_path.glob("*/*"), *tmp_path.iterdir()]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
