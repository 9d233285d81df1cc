"""`dmoe compare` from end to end, and what it reads."""

from __future__ import annotations

import importlib.util
import json
import shutil

import pandas as pd
import pytest

from dmoe_models.cli.commands.validate import validate
from dmoe_models.cli.shell import run
from dmoe_models.text import latex, markdown
from dmoe_models.verification.compare import compare
from dmoe_models.verification.comparison_report import summary_table, write_comparison
from dmoe_models.verification.read_rows import read_rows, read_several

from shell import assert_refused, call

METHODS = "greedy,top-k,exhaustive,lower-bound"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Report directory of a small verification, called `small`."""
    folder = tmp_path_factory.mktemp("verified") / "small"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DMOE_DATA", raising=False)
        with pytest.raises(SystemExit) as left:
            run(validate, "validate", ["smoke", "--methods", METHODS, "--report", str(folder)])
    assert left.value.code == 0
    return folder


def test_from_a_report_to_tables_and_pictures(capsys, report, tmp_path):
    output = tmp_path / "new" / "compared"
    done = call(capsys, "compare", report, "-o", output)
    assert done.status == 0 and done.err == f"comparison: 14 files in {output}\n"
    lines = done.out.splitlines()
    assert lines[0].startswith("method  ") and lines[2].startswith("greedy  ")
    assert "shift 10 ms" in done.out and "lower-bound" not in done.out
    assert "2 problems, pooled here" in done.out
    assert sorted(path.name for path in output.iterdir()) == sorted(
        ["comparison.json", "runs.csv"]
        + [f"{table}.{kind}" for table in ("summary", "tests") for kind in ("csv", "md", "tex")]
        + [f"{q}_profile.{kind}" for q in ("time", "energy") for kind in ("csv", "png", "pdf")]
    )
    assert (output / "time_profile.pdf").read_bytes().startswith(b"%PDF")
    assert (output / "energy_profile.png").read_bytes().startswith(b"\x89PNG")
    tex = (output / "summary.tex").read_text()
    assert "\\toprule" in tex and "top-k & 13" in tex and " \\%" in tex
    assert (output / "tests.md").read_text().startswith("| quantity | first | second | pairs |")
    runs = pd.read_csv(output / "runs.csv")
    assert len(runs) == 3 * 13 and set(runs.method) == {"greedy", "top-k", "exhaustive"}
    # as JSON the same
    shown = json.loads(call(capsys, "compare", report, "--json").out)
    assert shown == json.loads((output / "comparison.json").read_text())
    assert shown["options"]["time_shift_s"] == 0.01
    assert next(s for s in shown["summary"] if s["method"] == "exhaustive")["best"] == 11


def test_methods_sets_and_options_are_chosen(capsys, report):
    done = call(
        capsys, "compare", report / "rows.csv", "--methods", "greedy, top-k", "--set", "smoke",
        "--problem", "P2", "--time-shift", 1, "--gap-shift", 0.1, "--target", 0.5, "--horizon", 2,
        "--json",
    )  # fmt: skip
    facts = json.loads(done.out)
    assert [entry["method"] for entry in facts["summary"]] == ["greedy", "top-k"]
    assert facts["options"] == {
        "time_shift_s": 1.0, "gap_shift": 0.1, "target_gap": 0.5, "horizon_s": 2.0
    }  # fmt: skip
    assert all(entry["instances"] == 12 for entry in facts["summary"])  # without that of P1
    assert "shift 1000 ms" in facts["notes"][2] and "over 2 s" in facts["notes"][4]


def test_every_kind_of_file_says_the_same(capsys, report, tmp_path):
    printed = call(capsys, "smoke", "--methods", METHODS, "--report", report, "--json",
                   command=validate)  # fmt: skip
    (tmp_path / "printed.json").write_text(printed.out)
    (tmp_path / "list.json").write_text(json.dumps(json.loads(printed.out)["rows"]))
    table = read_rows(report)
    for path in (report / "rows.parquet", tmp_path / "printed.json", tmp_path / "list.json"):
        pd.testing.assert_frame_equal(read_rows(path), table)
    # a journal is not graded and knows no sets; a comparison needs neither
    shutil.copy(report / "rows.jsonl", tmp_path / "cut.jsonl")
    with (tmp_path / "cut.jsonl").open("a") as file:
        file.write((report / "rows.jsonl").read_text())  # tried again: the last row stands
        file.write('{"instance": "cut sh')
    found = compare(read_rows(tmp_path / "cut.jsonl"))
    pd.testing.assert_frame_equal(found.summary, compare(table).summary)


def test_a_method_in_two_files_is_compared_with_itself(capsys, report, tmp_path):
    table = pd.read_csv(report / "rows.csv")
    (tmp_path / "after").mkdir()
    faster = table[table.method == "exhaustive"].assign(runtime_s=lambda t: t.runtime_s / 2)
    faster.to_csv(tmp_path / "after" / "rows.csv", index=False)
    done = call(capsys, "compare", report, tmp_path / "after", "--json",
                "--methods", "exhaustive@small,exhaustive@after")  # fmt: skip
    (test,) = [t for t in json.loads(done.out)["tests"] if t["quantity"] == "time"]
    assert test["pairs"] == test["higher"] == 13 and test["p_value"] == pytest.approx(2**-12)
    assert test["median"] == pytest.approx(0.6931471805599453)
    both = read_several([tmp_path / "after", tmp_path / "after" / "rows.csv"])
    assert set(both.method) == {  # short names would be the same
        f"exhaustive@{tmp_path}/after", f"exhaustive@{tmp_path}/after/rows.csv"
    }  # fmt: skip


def test_without_matplotlib_pictures_are_refused_and_tables_are_not(
    capsys, report, tmp_path, monkeypatch
):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "matplotlib" else find(name)
    )
    done = call(capsys, "compare", report, "-o", tmp_path / "out")
    assert_refused(done, "matplotlib", 'pip install "dmoe-models[report]"')
    assert not (tmp_path / "out").exists()
    assert call(capsys, "compare", report).status == 0


def test_a_file_appears_whole_or_not_at_all(report, tmp_path, monkeypatch):
    import pathlib

    found = compare(read_rows(report))
    (tmp_path / "summary.md").write_text("before")

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(ValueError, match="No space left"):
        write_comparison(tmp_path, found)
    assert [path.name for path in tmp_path.iterdir()] == ["summary.md"]
    assert (tmp_path / "summary.md").read_text() == "before"


def test_nothing_known_and_one_method_are_drawn_too(report, tmp_path):
    table = read_rows(report)
    nothing = table[table.verdict == ""]
    write_comparison(tmp_path, compare(nothing, ["greedy"]))
    assert (tmp_path / "energy_profile.pdf").exists()


def test_tables_escape_what_their_language_reads(report):
    table = (["method", "gap"], [["mine.py:my_method|x", "1 %"]])
    assert "mine.py:my_method\\|x" in markdown(table)
    written = latex(table, ["50 % of it"])
    assert (
        written.startswith("% 50 % of it\n") and "my\\_method\\textbar{}x & 1 \\% \\\\" in written
    )
    headers, lines = summary_table(compare(read_rows(report)))
    assert "failed" not in headers and all(len(cells) == len(headers) for cells in lines)
