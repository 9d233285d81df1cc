"""CPLEX's solution files: XML with the root ``CPLEXSolution``."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from formulations.exchange.solutions.parts import SolverFile, by_name, number


def read_cplex(lines: list[str], _: Path) -> SolverFile:
    """Read names and values of variables, and what the header says.

    Parameters
    ----------
    lines : list of str
        Stripped.
    """
    try:
        root = ElementTree.fromstring("\n".join(lines))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise FileError(f"is no XML: {error}") from None
    if root.tag != "CPLEXSolution":
        raise FileError(f"has the root {quote(root.tag)}, not 'CPLEXSolution'")
    header = root.find("header")
    header = ElementTree.Element("header") if header is None else header
    claim = header.get("objectiveValue")
    pairs = [(v.get("name", ""), v.get("value", "")) for v in root.iterfind("variables/variable")]
    status = header.get("solutionStatusString")
    if not pairs and status:
        raise FileError(f"holds no values of variables (CPLEX says {quote(status)})")
    return SolverFile(
        by_name(pairs),
        None if claim is None else number(claim, "objective"),
        header.get("problemName", ""),
    )
