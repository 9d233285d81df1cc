"""A study's report as files: complete, readable by others, honest about what is missing."""

from __future__ import annotations

import dataclasses
import itertools
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from dmoe_models.errors import DmoeError
from dmoe_models.studies.analysis.findings import gather
from dmoe_models.studies.configuration import design_of
from dmoe_models.studies.engine.database import CONFIGURATION, FILE, Database, Progress
from dmoe_models.studies.report.files import write_report
from dmoe_models.studies.report.page import html_page, markdown_page, package_lines, run_table
from dmoe_models.studies.report.tables import present
from dmoe_models.studies.study import StudyError

from sample_report import CONFIGURATION as TEXT
from sample_report import DESIGN, LABEL, optimality, sample

NAMES = [
    *("rows.csv", "rows.parquet"),
    *(f"{name}.{kind}" for name in ("optimality", "of_mine") for kind in ("csv", "parquet", "tex")),
    *("verdicts.csv", "verdicts.tex", "share.pdf", "share.png", "pace.pdf", "pace.png"),
    *("configuration.toml", "report.md", "report.html"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the whole report."""
    target = tmp_path_factory.mktemp("reported") / "new"
    assert [path.name for path in write_report(sample(), target)] == NAMES
    assert sorted(path.name for path in target.iterdir()) == sorted(NAMES)
    return target


def page(report):
    return html_page(
        report, [present(name, table, report.study) for name, table in report.tables.items()]
    )


def twin(report):
    return markdown_page(
        report, [present(name, table, report.study) for name, table in report.tables.items()]
    )


# ---------------------------------------------------------------------------------------- files


def test_tables_read_back(folder):
    for name, table in sample().tables.items():
        columns = pd.read_parquet(folder / f"{name}.parquet")
        text = pd.read_csv(folder / f"{name}.csv")
        assert list(columns) == list(text) == list(table)
        for column in table:
            if table[column].dtype == object or table[column].dtype.kind in "OUST":
                assert columns[column].tolist() == text[column].tolist() == table[column].tolist()
            else:
                np.testing.assert_array_equal(columns[column], table[column])
                np.testing.assert_array_equal(text[column], table[column])
    rows = pd.read_parquet(folder / "rows.parquet")
    assert rows["axis"].tolist() == ["a", "2"] and rows["seed"].tolist() == [0, 1]
    assert pd.read_csv(folder / "rows.csv")["axis"].tolist() == ["a", "2"]


def test_every_file_says_of_which_configuration_it_is(folder):
    sha256 = DESIGN.sha256.encode()
    for path in folder.iterdir():
        if path.suffix != ".csv" and path.name != CONFIGURATION:
            assert sha256 in path.read_bytes(), path.name
    from pyarrow import parquet

    facts = parquet.read_schema(folder / "rows.parquet").metadata
    assert facts[b"configuration_sha256"] == sha256 and facts[b"study"] == b"asymptotics"
    assert design_of((folder / CONFIGURATION).read_text()).sha256 == DESIGN.sha256
    verdicts = pd.read_csv(folder / "verdicts.csv")
    assert verdicts["outcome"].tolist() == ["held", "held in part", "not held", "not tested"]
    assert verdicts["sha256"][0] == DESIGN.sha256


def test_figures_are_fit_for_print(folder):
    image = (folder / "share.png").read_bytes()
    width, height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (1800, 900)  # 6 by 3 inches at 300 dpi
    assert (folder / "share.pdf").read_bytes().startswith(b"%PDF")


def test_latex(folder):
    text = (folder / "optimality.tex").read_text()
    lines = text.splitlines()
    assert "% Throughout: K = 4, failed draws = 0." in lines
    assert r"\begin{tabular}{lrrlrrrrl}" in lines
    label = r"JESA \textbar{} 50 \% \& `ten` "
    label += r"\textless{}b\textgreater{}starts\textless{}/b\textgreater{} "
    row = next(line for line in lines if line.startswith("rayleigh & 0 "))
    assert row == rf"rayleigh & 0 & - & {label}\$x\_1\$ & 250 & 70.0 [69.0, 71.0] & 0 & 2 & yes \\"
    body = [line for line in lines if not line.startswith("%")]
    assert all(line.count("&") - line.count(r"\&") == 8 for line in body if line.endswith(r"\\"))
    assert "longtable" in (folder / "of_mine.tex").read_text() and r"\endhead" not in text
    verdicts = (folder / "verdicts.tex").read_text()
    assert (
        r"Becomes \textless{}optimal\textgreater{} \textbar{} always & paper \& co. & held &"
        in verdicts
    )


def test_rows_can_be_left_out(tmp_path):
    written = write_report(sample(), tmp_path, with_rows=False)
    assert [path.name for path in written] == NAMES[2:]
    assert not list(tmp_path.glob("rows.*"))


def test_a_package_that_is_missing_is_said_before_anything_is_done(tmp_path, monkeypatch):
    found = __import__("importlib.util").util.find_spec
    for name in ("matplotlib", "jinja2", "pyarrow"):
        monkeypatch.setattr(
            "importlib.util.find_spec", lambda n, missing=name: None if n == missing else found(n)
        )
        with pytest.raises(DmoeError, match=rf'needs {name}: pip install "dmoe-models\[report\]"'):
            write_report(sample(), tmp_path / "new")
        assert not (tmp_path / "new").exists()


def test_folders_that_cannot_be_written_to(tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(DmoeError, match="file: is a file, not a directory"):
        write_report(sample(), file)
    with pytest.raises(DmoeError, match="file: is a file, not a directory"):
        write_report(sample(), file / "below")
    (tmp_path / "there" / "share.png").mkdir(parents=True)
    with pytest.raises(DmoeError, match=r"share\.png: is a directory, not a file"):
        write_report(sample(), tmp_path / "there", with_rows=False)
    left = sorted(path.name for path in (tmp_path / "there").iterdir())
    assert left == ["share.png"]  # all of a report or nothing
    assert file.read_text() == "mine"


def test_a_file_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    write_report(sample(), tmp_path, with_rows=False)
    before = (tmp_path / "share.png").read_bytes()
    report = sample()

    def half(path, **options):
        path.write_bytes(b"half of it")
        if options["format"] == "png":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(report.pictures["share"].figure, "savefig", half)
    monkeypatch.setattr("dmoe_models.studies.report.page.svg", lambda *_: "<svg></svg>")
    with pytest.raises(DmoeError, match=r"share\.png: No space left on device"):
        write_report(report, tmp_path, with_rows=False)
    assert (tmp_path / "share.png").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES[2:])


def test_the_study_itself_is_left_alone(tmp_path):
    Database(tmp_path / "own", DESIGN).close()
    kept = {name: (tmp_path / "own" / name).read_bytes() for name in (FILE, CONFIGURATION)}
    other = sample(configuration="study = 1", sha256=DESIGN.sha256)
    written = write_report(other, tmp_path / "own", with_rows=False)
    assert CONFIGURATION not in [path.name for path in written]
    assert {name: (tmp_path / "own" / name).read_bytes() for name in kept} == kept

    changed = design_of(TEXT.replace("seeds = 4", "seeds = 6"))
    Database(tmp_path / "another", changed).close()
    (tmp_path / "reported").mkdir()
    (tmp_path / "reported" / CONFIGURATION).write_text(changed.text)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / CONFIGURATION).write_text("of = 'something else'")
    for name in ("another", "reported", "foreign"):
        before = sorted((tmp_path / name).iterdir())
        with pytest.raises(StudyError, match=f"{name}: is of another study or configuration"):
            write_report(sample(), tmp_path / name)
        assert sorted((tmp_path / name).iterdir()) == before
    # the same configuration in other words may be replaced
    (tmp_path / "reported" / CONFIGURATION).write_text("retries = 3\n" + TEXT)
    write_report(sample(), tmp_path / "reported", with_rows=False)
    assert (tmp_path / "reported" / CONFIGURATION).read_text() == TEXT


# --------------------------------------------------------------------------------- what is said


def test_a_study_that_is_not_finished_says_so_at_the_top():
    assert sample().remarks == [] and 'class="remark"' not in page(sample())
    report = sample(
        progress=Progress(1234, 1000, 2, 9, 1.0, 1),
        failures={"it <hung>": 2},
        waiting=50,
        breaches=["cell 0, seed 1: JESA is too good"],
    )
    assert report.remarks == [
        "1 row cannot be true; no verdict is to be trusted until it is known why: "
        "cell 0, seed 1: JESA is too good.",
        "Not finished: 1,000 of 1,234 tasks are done. All that follows is of these.",
        "50 draws wait for recorded data.",
        "2 of 1,234 tasks failed; no figure counts their draws.",
    ]
    text = page(report)
    assert text.index("Not finished: 1,000 of 1,234") < text.index('<h2 id="verdicts"')
    assert "<li>2 × it &lt;hung&gt;</li>" in text
    text = twin(report)
    assert (
        text.index("> **1 row cannot") < text.index("Not finished: 1,000") < text.index("## Verd")
    )
    assert "> - 2 × it \\<hung\\>" in text


@pytest.mark.parametrize("study", ["asymptotics", "optimality", "savings"])
def test_a_study_of_which_nothing_is_done_has_a_report(study, tmp_path):
    part = {"optimality": 'part = "methods"\n', "savings": "layers = 2\n"}.get(study, "")
    text = f'study = "{study}"\nmethods = ["jesa"]\n[[cells]]\nseeds = 2\n{part}family = "tdl"\n'
    design = design_of(text)
    with Database(tmp_path, design) as database:
        nothing = gather(database)
        database.store_failure(design.tasks()[0], "it hung", 2, 9.0)
        failed = gather(database)
    assert nothing.remarks == ["Not finished: 0 of 1 tasks are done. There is nothing to show yet."]
    assert failed.remarks == ["1 of 1 tasks failed; no figure counts their draws."]
    for report in (nothing, failed):
        assert not report.tables and not report.verdicts and not report.pictures
        assert page(report).count("There are none yet.") == 2
        assert "There are none: verdicts are about" in page(report)
        assert twin(report).count("There are none yet.") == 2
        write_report(report, tmp_path / "out")


def test_draws_that_wait_for_recorded_data(tmp_path):
    text = TEXT + '[[cells]]\nseeds = 3\nfamily = "measured"\nK = 3\n'
    with Database(tmp_path, design_of(text)) as database:
        assert gather(database).waiting == 3


def test_environment_without_names_of_machines():
    report = sample()
    headers, lines = run_table(report.sessions)
    assert lines[0] == [
        *("1", "2026-01-02 03:04:05 UTC", "not ended", "3.11.7", "Linux x86_64", "8"),
        *("one a core", "0123456789ab+"),
    ]
    assert lines[1][2] == "2026-01-02 03:04:05 UTC" and lines[1][6] == "cluster"
    assert len(headers) == len(lines[0])
    assert package_lines(report.sessions) == ["numpy 2.0"]
    other = {"environment": {"versions": {"numpy": "2.1"}}}
    assert package_lines([*report.sessions, other]) == ["runs 1, 2: numpy 2.0", "runs 3: numpy 2.1"]
    assert run_table([{"started": "x", "ended": None, "environment": {}}])[1][0][3:6] == ["-"] * 3
    for text in (page(report), twin(report)):
        assert "secret" not in text and "numpy 2.0" in text


# ------------------------------------------------------------------------------------- the page


class Outline(HTMLParser):
    """What a page consists of; an element that is closed by another's end is an error."""

    VOID = ("meta", "br", "wbr", "link", "img")

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


def test_the_page_is_sound(folder):
    outline = Outline((folder / "report.html").read_text())
    names = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(set(names)) == len(names)
    for attributes in outline.all("a"):
        target = attributes["href"]
        assert target[1:] in names if target[0] == "#" else (folder / target).is_file(), target
    for tag, attributes in outline.elements:
        if tag != "a":
            for name in ("src", "href", "xlink:href", "data", "action"):
                assert attributes.get(name, "#").startswith("#")
        for value in attributes.values():
            for place in re.findall(r"url\((.*?)\)", value or ""):
                assert place[0] == "#" and place[1:] in names
        if "aria-labelledby" in attributes:
            assert attributes["aria-labelledby"] in names
    assert all(a.get("scope") in ("col", "row") for a in outline.all("th"))
    pictures = outline.all("svg")
    assert [a["aria-label"] for a in pictures] == [p.caption for p in sample().pictures.values()]
    assert all(a["role"] == "img" for a in pictures)
    assert not outline.all("script", "link", "img", "iframe", "object", "metadata")
    headings = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h\d", tag)]
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    said = "".join(outline.text)
    assert "An <i>awkward</i> title & more" in said and LABEL in said and TEXT.strip() in said
    assert "● held" in said and "◐ held in part" in said and "○ not held" in said
    assert said.index("Becomes <optimal> | always") < said.index("Figure 1.")


def test_long_tables_are_folded_and_very_long_ones_cut():
    short, long, longer, longest = 60, 61, 301, 2001
    for lines, shown in ((short, short), (long, long), (longer, longer), (longest, 20)):
        text = page(sample(tables={"t": optimality(lines)}))
        outline = Outline(text)
        labels = [a for a in outline.all("th") if a["scope"] == "row"]
        assert len(labels) == 4 + len(DESIGN.study.all_columns) + 4 * shown
        assert ("<details>" in text) == (lines in (long, longer))
        assert (" unprinted" in text.partition("</style>")[2]) == (lines > 300)
        assert ("The first 20 of 2,001 lines" in text) == (lines == longest)


def test_the_twin_in_markdown(folder):
    text = (folder / "report.md").read_text()
    assert text.startswith("# An \\<i\\>awkward\\</i\\> title & more\n")
    for name in re.findall(r"\]\(([^)#]*)\)", text):
        assert (folder / name).is_file(), name
    assert '![Share of "optimal" draws \\<5 %. More of it.](share.png)' in text
    assert "| ● held | Becomes \\<optimal\\> \\| always (paper & co.) |" in text
    assert "In some_cells \\*only\\*. | [Figure 2](#figure-2) |" in text
    assert "````toml\n" in text and text.count("````") == 2  # a fence that the text does not close
    assert r"JESA \| 50 % & \`ten\` \<b\>starts\</b\> \$x_1\$" in text
    assert "<details><summary>120 lines</summary>\n\n|" in text
    tables = re.findall(r"(?:^\|.*\n)+", text, flags=re.M)
    assert len(tables) == 4
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1


def test_entities_are_words_in_the_twin():
    text = twin(dataclasses.replace(sample(), title="&lt;b&gt; &amp; &#60; more & other"))
    assert text.startswith(r"# \&lt;b\&gt; \&amp; \&#60; more & other")


def test_methods_that_raise_are_said_at_the_top():
    rows = pd.DataFrame(
        {"method": ["mine", "mine", "JESA", None], "reason": 2 * ["Error: oops"] + ["", "x"]}
    )
    remark = "mine has no answer in 2 rows: Error: oops."
    assert sample(rows=rows).remarks == [remark]
    assert remark in page(sample(rows=rows))
