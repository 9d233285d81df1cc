"""What a verification found, as tables for a paper and for a notebook."""

from __future__ import annotations

import pytest

from dmoe_models import DmoeError, validate
from dmoe_models.solving.catalogue import bind_method
from dmoe_models.verification.result import Verification
from dmoe_models.verification.run import Settings, blank_row, run_plan
from instances.families import draw

HOSTILE = "<script>a & b</script>_$%"


@pytest.fixture(scope="module")
def found():
    return validate([draw("contended", seed, K=3, T=4) for seed in (0, 1)], ["jesa", "exact"])


def test_tables_have_readable_headers_and_leave_out_what_never_happened(found):
    head, rule, *lines = found.to_markdown().splitlines()
    assert "median time (s)" in head and "failed" not in head and "| set |" not in head
    assert rule.startswith("| :-- | --: |")
    assert [line.split(" | ")[0] for line in lines] == ["| jesa", "| exact"]
    assert "100 %" in lines[1]


def test_latex_can_be_pasted(found):
    text = found.to_latex(["method", "solved"])
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert body[:4] == [r"\begin{tabular}{lr}", r"\toprule", r"method & solved \\", r"\midrule"]
    assert body[5:] == [r"exact & 100 \% \\", r"\bottomrule", r"\end{tabular}"]


def test_what_went_wrong_has_a_column(found):
    failed = [blank_row(draw("tight", 1, K=2, T=1), bind_method("jesa"), Settings())]
    other = Verification([*found.records, *failed], ["two facts"], [])
    assert "| set |" in other.to_markdown() and "| not run |" in other.to_markdown()
    assert "% BREACH two facts" in other.to_latex()


def test_an_unknown_column_is_named(found):
    for make in (found.to_latex, found.to_markdown):
        with pytest.raises(DmoeError, match=r"gapp.*mean_gap"):
            make(["method", "gapp"])


def test_html_is_escaped_and_short(found):
    notes = [f"{HOSTILE} {number}" for number in range(1000)]
    text = Verification(found.records, notes, notes)._repr_html_()
    assert "<script>" not in text and "&lt;script&gt;" in text
    assert "BREACH" in text and "more" in text and len(text) < 10_000
    assert "no breach" in found._repr_html_()


def test_no_rows_are_a_table_without_lines():
    empty = Verification(*run_plan([], Settings()), [])
    assert empty.summary.empty and "0 rows" in empty._repr_html_()
    assert len(empty.to_markdown().splitlines()) == 2
