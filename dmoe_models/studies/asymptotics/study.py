"""The study "asymptotics", in one record."""

from __future__ import annotations

from dmoe_models.studies.asymptotics.figures import FIGURES
from dmoe_models.studies.asymptotics.rows import COLUMNS, rows
from dmoe_models.studies.asymptotics.tables import ABOUT, tables
from dmoe_models.studies.asymptotics.verdicts import judge
from dmoe_models.studies.study import Study

STUDY = Study(
    name="asymptotics",
    title="JESA's optimality as subcarriers grow",
    columns=COLUMNS,
    rows=rows,
    tables=tables,
    verdicts=judge,
    figures=FIGURES,
    about=ABOUT,
)
