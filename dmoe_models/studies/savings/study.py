"""The study "savings", in one record."""

from __future__ import annotations

from dmoe_models.studies.savings.figures import FIGURES
from dmoe_models.studies.savings.rows import COLUMNS, rows
from dmoe_models.studies.savings.tables import ABOUT, tables
from dmoe_models.studies.savings.verdicts import judge
from dmoe_models.studies.study import Study

STUDY = Study(
    name="savings",
    title="Energy of selection, layer by layer, against the baselines",
    columns=COLUMNS,
    rows=rows,
    tables=tables,
    verdicts=judge,
    figures=FIGURES,
    about=ABOUT,
    layered=True,
)
