"""Nothing that names a person leaves ingest, and no foreign text is anything but text.

One study of real-looking files, of which some cannot be read, with identifiers and traps planted
wherever a file can hold them; then every file that was made, and every line that was said, is
searched.
"""

import base64
import csv
import gzip
import html
import io
import re
import shutil
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import yaml

from reintegration.errors import StudyError
from reintegration.ingest.source import read_source

PERSONS = [
    "Aïssatou Béavogui-Plantée",
    "فاطمة الزهراء المزروعة",
    "አበበ ተክለሃይማኖት",
    "Аминат Спрятанная",
    "O'Neill Plantation",
]
PHONE, CASE, PLACE = "+224 622 98 76 54", "PLANT-18-99017", "Kindiaville Cachée"
REMARK = "battue par son oncle Mamadouplant à Kindiaville"
SECRETS = [*PERSONS, "Béavogui", "Mamadouplant", "Neill", PHONE, "622987654", CASE, PLACE, REMARK]
TRAPS = [
    '=HYPERLINK("http://planted.example","x")',
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "<script>planted()</script>",
    '"><img src=x onerror=planted()>',
    "{{7*7}}",
    "</style><b onclick=planted()>planted</b>",
    "\x1b[2Jplanted",
]
IDENTIFIERS = ("case_number", "person_name", "phone", "location")
ABOUT_PERSONS = ({"survey_id"}, {"returnee_id"}, {"source", "row"})  # columns of such tables
KNOWN = 15  # identifiers of each kind looked for, of each file


@dataclass(frozen=True)
class Searched:
    """A study with planted identifiers: its folder, and what its commands said."""

    folder: Path
    said: str
    secrets: list[str]


def table(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8")), delimiter=";"))


def write(path: Path, rows: list[list[str]]) -> None:
    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n").writerows(rows)
    path.write_text(stream.getvalue(), encoding="utf-8")


def plant_senegal(data: Path) -> list[list[str]]:
    """Identifiers in every kind of column of the CSV file, and columns with traps as names."""
    path, mapping = data / "raw/sen.csv", data / "sources/sen.yaml"
    path.write_text(path.read_text(encoding="latin-1"), encoding="utf-8")
    declared = yaml.safe_load(mapping.read_text(encoding="utf-8"))
    del declared["encoding"]
    declared["drop"] = [*declared.get("drop", []), "Nom du père"]
    mapping.write_text(yaml.safe_dump(declared, allow_unicode=True), encoding="utf-8")
    header, *rows = table(path)
    place = {name: header.index(column) for name, column in declared["columns"].items()}
    for number, name in enumerate(["q5", "sex", "age", "survey_date", "return_date", "q7"]):
        rows[number][place[name]] = PERSONS[number % len(PERSONS)]
        rows[number + 10][place[name]] = PHONE
        rows[number + 20][place[name]] = CASE
    rows[30][place["q8"]] = f"Terres, {PERSONS[1]}"
    rows[31][place["case_number"]] = CASE
    rows[32][place["location"]] = PLACE
    rows[33][place["person_name"]] = PERSONS[3]
    for number, trap in enumerate(TRAPS):
        rows[40 + number][place["q12"]] = trap
    rows[50] = [*header]
    rows[50][place["q1"]] = PERSONS[0]
    rows[51].append(PERSONS[0])  # a row too long
    more = [*TRAPS, "Nom du père", "Observations"]
    for row in rows:
        row += [""] * (len(header) - len(row)) + [""] * len(TRAPS) + [PERSONS[0], REMARK]
    rows[51].append(PLACE)
    write(path, [header + more, *rows])
    return [header, *(row[: len(header)] for row in rows)]


def plant_morocco(data: Path) -> None:
    """Traps as value labels of the Stata file, of codes that the codebook does not know."""
    path = data / "raw/mar.dta"
    frame, meta = pyreadstat.read_dta(str(path))
    labels = {name: dict(found) for name, found in meta.variable_value_labels.items()}
    column = next(name for name in frame if len(labels.get(name, {})) > 4)
    frame[column] = frame[column].astype(float)
    for number, trap in enumerate(TRAPS):
        labels[column][70 + number] = trap.replace("\x1b", "")
        frame.loc[number, column] = 70 + number
    pyreadstat.write_dta(
        frame,
        str(path),
        variable_value_labels=labels,
        column_labels=meta.column_names_to_labels,
    )


def add_bad_files(data: Path, senegal: list[list[str]]) -> None:
    """Files that cannot be used, each with persons inside, each in another way."""
    header, *rows = senegal
    keys = yaml.safe_load((data / "sources/sen.yaml").read_text(encoding="utf-8"))
    named = header.index(keys["columns"]["person_name"])
    rows = [[*row] for row in rows if row[: len(header)] != header][:30]
    for row in rows:
        row[named] = PERSONS[0]

    def bad(name: str, file: str = "", **more) -> Path:
        content = keys | {"source": name, "file": file or f"{name}.csv"} | more
        text = yaml.safe_dump(content, allow_unicode=True)
        (data / f"sources/{name}.yaml").write_text(text, encoding="utf-8")
        return data / "raw" / content["file"]

    def replaced(codebook_name: str, text: str) -> list[list[str]]:
        column = header.index(keys["columns"][codebook_name])
        return [header, *([*r[:column], text, *r[column + 1 :]] for r in rows)]

    write(bad("headless"), rows)
    write(bad("wrong_row", header_row=2), [header, *rows])
    write(bad("wrong_answers"), replaced("q5", PERSONS[0]))
    write(bad("wrong_dates", date_order="mdy"), [header, *rows])
    write(bad("rounded"), replaced("case_number", "9.99E+17"))
    write(bad("doubled"), [[*header, *header], *([*row, *row] for row in rows)])
    lines = "\n".join(";".join(row) for row in [header, *rows])
    unclosed = lines.replace(PERSONS[0], f'"{PERSONS[0]}', 1)
    bad("unclosed").write_text(unclosed, encoding="utf-8")
    mixed = ";".join(header).encode("utf-8") + b"\n"
    mixed += b"\n".join(";".join(row).encode("latin-1", "replace") for row in rows)
    bad("mixed").write_bytes(mixed)
    frame = pd.DataFrame(rows, columns=header)
    whole = data / "raw/cut_off.xlsx"
    frame.to_excel(bad("cut_off", "cut_off.xlsx", format=None, delimiter=None), index=False)
    whole.write_bytes(whole.read_bytes()[:-2000])
    twice = bad("two_sheets", "two_sheets.xlsx", delimiter=None)
    with pd.ExcelWriter(twice) as book:
        for name in ("<script>planted()", "=1+1 {{7{{7*7}}"):
            frame.to_excel(book, sheet_name=name.replace("*", ""), index=False)
    bad("oddly_named", '"><img src=x onerror=planted()> {{7*7}}.csv').write_bytes(b"")


@pytest.fixture(scope="module")
def searched(unused, finished, tmp_path_factory) -> Searched:
    folder = tmp_path_factory.mktemp("privacy")
    copy = type(unused)(Path(shutil.copytree(unused.folder, folder / "study")))
    data, made = copy.folder / "data", finished[0].folder / "data/demo/tiny"
    for name in ("raw", "sources"):
        shutil.copytree(made / name, data / name, dirs_exist_ok=True)
    senegal = plant_senegal(data)
    plant_morocco(data)
    add_bad_files(data, senegal)
    copy.configure(lambda config: config["data"].update(world=None, on_bad_source="leave_out"))
    key = {"REINTEGRATION_KEY_FILE": str(folder / "key")}
    secrets = [*SECRETS, *identifiers(data)]
    checked = [
        copy._run("-m", "reintegration", "check", *options, **key)
        for options in ([], ["sen"], ["--html", "reports/check.html"])
    ]
    studied = copy.study(**key)
    assert studied.returncode == 0, studied.stdout + studied.stderr
    assert [ran.returncode for ran in checked] == [1, 0, 1]
    added = []
    new = {"sen.csv": "SEN", "mar.dta": "MAR", "gin.xlsx": "GIN"}
    new |= {"headless.csv": "SEN", "cut_off.xlsx": "SEN"}
    for name, country in new.items():
        file = str(shutil.copy(data / "raw" / name, folder / f"new_{name}"))
        added.append(
            copy._run("-m", "reintegration", "add-source", file, "--country", country, **key)
        )
    assert [ran.returncode in (0, 3) for ran in added] == [True, True, True, False, False]
    assert (copy.folder / "data/sources/new_sen.yaml").is_file()
    said = "".join(ran.stdout + ran.stderr for ran in [*checked, studied, *added])
    return Searched(copy.folder, said, secrets)


def identifiers(data: Path) -> list[str]:
    """Case numbers, names, phones and places that stand in the files."""
    found = []
    for path in [data / "sources/sen.yaml", data / "sources/central.yaml"]:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        separator, encoding = declared.get("delimiter", ","), declared.get("encoding", "utf-8")
        text = (data / "raw" / declared["file"]).read_text(encoding=encoding)
        header, *rows = csv.reader(io.StringIO(text), delimiter=separator)
        for name in IDENTIFIERS:
            place = header.index(declared["columns"].get(name, name))
            texts = sorted({row[place].strip() for row in rows if len(row) > place})
            found += [text for text in texts if len(text) > 5 and text != header[place]][:KNOWN]
    return found


def plain(text: str) -> str:
    """Text without case, accents and what stands between digits."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    without = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return re.sub(r"(?<=\d)[ .-](?=\d)", "", without)


def texts(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Everything that a file says, also inside of archives, tables and pages."""
    if content.startswith(b"PAR1"):
        yield name, pd.read_parquet(io.BytesIO(content)).to_csv()
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield from texts(f"{name}!{inner}", archive.read(inner))
    text = content.decode("utf-8", errors="ignore")
    yield name, text
    if "<" in text and ("&#" in text or "&amp;" in text or "base64," in text):
        yield f"{name} unescaped", html.unescape(text)
        for embedded in re.findall(r"base64,([A-Za-z0-9+/=]+)", text):
            inside = base64.b64decode(embedded)
            if b"<svg" in inside[:2000]:
                yield f"{name} embedded", inside.decode("utf-8", errors="ignore")
        for packed in re.findall(
            r'<script type="text/plain"[^>]*>([A-Za-z0-9+/=]+)</script>', text
        ):
            inside = gzip.decompress(base64.b64decode(packed))
            yield f"{name} packed", inside.decode("utf-8")


def made_files(folder: Path) -> Iterator[Path]:
    for part in ("results", "reports", ".snakemake", "data/sources", ".cache"):
        yield from (path for path in (folder / part).rglob("*") if path.is_file())


def test_no_identifier_leaves_ingest(searched):
    found = {}
    wanted = {secret: plain(secret) for secret in searched.secrets}
    said = [("what was said", searched.said)]
    for path in made_files(searched.folder):
        said += texts(str(path.relative_to(searched.folder)), path.read_bytes())
    for name, text in said:
        searchable = plain(text)
        if hits := [secret for secret, form in wanted.items() if form in searchable]:
            found[name] = hits
    assert found == {}
    assert len(searched.secrets) > 100


def test_no_pseudonym_stands_outside_of_what_is_for_its_owner_alone(searched):
    surveys = pd.read_parquet(searched.folder / "results/clean/surveys.parquet")
    names = {name for key in ("survey_id", "returnee_id", "location_id") for name in surveys[key]}
    names = {name for name in names if isinstance(name, str)}
    found = set()
    for file in ("results/audit/passports.json", "results/audit/run.json"):
        words = set(re.findall(r"[\w-]+", (searched.folder / file).read_text(encoding="utf-8")))
        found |= words & names
    assert found == set()
    assert len(names) > 100


def test_bad_files_are_left_out_and_each_is_named_with_its_reason(searched):
    sources = pd.read_csv(searched.folder / "results/clean/sources.csv", keep_default_na=False)
    out = sources[sources["status"] == "left_out"].set_index("source")["reason"]
    assert set(out.index) == {
        *("headless", "wrong_row", "wrong_answers", "wrong_dates", "rounded", "doubled"),
        *("unclosed", "mixed", "cut_off", "two_sheets", "oddly_named"),
    }
    assert all(out)
    assert "Traceback" not in searched.said


def test_what_is_about_single_persons_is_for_its_owner_alone(searched):
    open_to_others = []
    about_persons = []
    for path in (searched.folder / "results").rglob("*"):
        if path.suffix == ".parquet":
            columns = set(pd.read_parquet(path).columns)
        elif path.suffix == ".csv":
            columns = set(pd.read_csv(path, nrows=0).columns)
        else:
            continue
        if any(names <= columns for names in ABOUT_PERSONS):
            about_persons.append(path.name)
            modes = [stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)]
            if modes != [0o600, 0o700]:
                open_to_others.append((str(path.relative_to(searched.folder)), *map(oct, modes)))
    assert open_to_others == []
    assert {"surveys.parquet", "cleaning_log.csv", "rejected.csv"} <= set(about_persons)
    assert stat.S_IMODE((searched.folder / "reports/check.html").stat().st_mode) == 0o600


def test_no_cell_of_a_table_starts_a_formula(searched):
    formulas = []
    for path in (searched.folder / "results").rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.reader(stream):
                formulas += [(path.name, cell) for cell in row if is_formula(cell)]
    assert formulas == []
    log = (searched.folder / "results/clean/cleaning_log.csv").read_text(encoding="utf-8")
    assert "'=HYPERLINK" in log or "'+1+1" in log  # the traps are there, and harmless


def is_formula(cell: str) -> bool:
    number = re.fullmatch(r"[+-]?(\d+([.,]\d+)?([eE][+-]?\d+)?|inf)", cell)
    return cell.startswith(("=", "+", "@", "-", "\t", "\r")) and not number


class Markup(HTMLParser):
    """What of a page is markup or program rather than text."""

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []
        self.program: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.within.append(tag)
        self.program += [f"{tag} {k}={v}" for k, v in attrs if k.startswith("on") or k == "src"]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.within:
            while self.within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if {"script", "style"} & set(self.within[-1:]):
            self.program.append(data)


def test_foreign_text_is_no_markup(searched):
    pages = [*(searched.folder / "reports").glob("*.html")]
    pages += (searched.folder / "results").rglob("*.html")
    planted = 0
    for page in pages:
        text = page.read_text(encoding="utf-8")
        markup = Markup()
        markup.feed(text)
        assert [part for part in markup.program if "planted" in part] == [], page
        planted += "planted" in text
        assert "\x1b" not in text
    assert planted >= 2  # the study's page and that of the check
    report = (searched.folder / "reports/check.html").read_text(encoding="utf-8")
    assert "{{7*7}}" in report
    assert "\x1b[2J" not in searched.said


@pytest.mark.parametrize(
    "file",
    ["../out.csv", "/etc/passwd.csv", "sub/x.csv", "C:\\x.csv", "C:x.csv", "..\\x.csv", "..", ""],
)
def test_a_source_names_no_file_outside_its_folder(tmp_path, file):
    path = tmp_path / "s.yaml"
    path.write_text(yaml.safe_dump({"file": file}), encoding="utf-8")
    with pytest.raises(StudyError, match="file"):
        read_source(path)


def test_a_link_out_of_the_folder_is_not_followed(tiny, finished, tmp_path, monkeypatch):
    made = finished[0].folder / "data/demo/tiny"
    outside = tmp_path / "outside.csv"
    shutil.copy(made / "raw/sen.csv", outside)
    shutil.copy(made / "sources/sen.yaml", tiny.folder / "data/sources/sen.yaml")
    (tiny.folder / "data/raw/sen.csv").symlink_to(outside)
    tiny.configure(lambda config: config["data"].update(world=None))
    ran = tiny._run("-m", "reintegration", "check", REINTEGRATION_KEY_FILE=str(tmp_path / "key"))
    assert ran.returncode == 1
    assert "sen.csv" in ran.stdout + ran.stderr
    assert "leads out of data/raw" in ran.stdout
    assert ran.stdout.count("ERROR") == 1  # the file was not opened
