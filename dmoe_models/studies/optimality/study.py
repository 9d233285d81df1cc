"""The study "optimality", in one record."""

from __future__ import annotations

from dmoe_models.studies.optimality.figures import FIGURES
from dmoe_models.studies.optimality.rows import COLUMNS, rows
from dmoe_models.studies.optimality.tables import ABOUT, tables
from dmoe_models.studies.optimality.verdicts import judge
from dmoe_models.studies.study import Study

STUDY = Study(
    name="optimality",
    title="Gaps of all methods, tightness of all bounds, nodes of all searches",
    columns=COLUMNS,
    rows=rows,
    tables=tables,
    verdicts=judge,
    figures=FIGURES,
    about=ABOUT,
    parts=("methods", "relaxations", "selection"),
)
