"""Before a study begins: the first draw of every cell, so that faults of a cell show at once."""

from __future__ import annotations

from pathlib import Path

from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from dmoe_models.studies.cells import draw_cell, draw_layers, located, needs_data
from dmoe_models.studies.design import Cell, Design
from dmoe_models.studies.measuring import one_line
from dmoe_models.studies.study import StudyError


def try_cells(design: Design, data: Path | None = None) -> None:
    """Draw the first instance of every cell, but for those whose recorded data is not there.

    Parameters
    ----------
    design : Design
    data : path, optional
        Directory of recorded data.

    Raises
    ------
    StudyError
        For a cell that cannot be drawn, or is of a problem that its study is not about.
    """
    for cell in design.cells:
        if needs_data(cell.parameters) and data is None:
            continue
        try:
            instance = _first(design, cell, data)
        except Exception as error:  # what a worker would say of every task of the cell
            raise StudyError(f"{_described(cell)}: {one_line(error)}") from error
        if instance.problem != "P2" and cell.parameters.get("part") != "selection":
            raise StudyError(f"{_described(cell)}: is of P1, and this study is about P2")


def _first(design: Design, cell: Cell, data: Path | None) -> Instance:
    parameters = located(cell.parameters, design.folder)
    if design.study.layered:
        return next(iter(draw_layers(parameters, cell.first_seed, data)))
    return draw_cell(parameters, cell.first_seed, data)


def _described(cell: Cell) -> str:
    words = ", ".join(f"{name} = {quote(value)}" for name, value in cell.parameters.items())
    return f"cell {cell.number} ({words})"
