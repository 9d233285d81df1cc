"""Numbers and tables as text: plain, Markdown and LaTeX."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

Table = tuple[list[str], list[list[str]]]
"""Headers and lines of cells."""


def share(part: float) -> str:
    """Write a share in whole percent; what is not nothing, or not all, is not written as that."""
    if math.isnan(part):
        return "-"
    if 0 < part < 0.005:
        return "< 1 %"
    return "> 99 %" if 0.995 <= part < 1 else f"{100 * part:.0f} %"


def seconds(value: float) -> str:
    """Write a runtime to two digits, or to the hundredth of a second."""
    if math.isnan(value):
        return "-"
    return f"{value:.2f}" if value >= 1 else f"{value:.2g}"


def text_table(headers: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[int]) -> str:
    """Align cells under their headers, columns numbered in `left` to the left."""
    left = set(left)
    widths = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]

    def written(cells: Sequence[str]) -> str:
        aligned = [
            cell.ljust(width) if number in left else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return "  ".join(aligned).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([written(headers), rule, *map(written, lines)])


def markdown(table: Table, left: Iterable[int] = (0,)) -> str:
    """Return a table in Markdown, columns numbered in `left` to the left, others to the right."""
    headers, lines = table
    left = set(left)
    rule = [":--" if number in left else "--:" for number in range(len(headers))]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        for cells in (headers, rule, *lines)
    )


_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
        "<": r"\textless{}", ">": r"\textgreater{}", "µ": r"\textmu{}",
        "|": r"\textbar{}",
    }
)  # fmt: skip


def latex(
    table: Table,
    notes: Iterable[str] = (),
    left: Iterable[int] = (0,),
    *,
    columns: str | None = None,
    long: bool = False,
) -> str:
    r"""Return a table as a LaTeX tabular for the package booktabs, notes as comments above.

    Parameters
    ----------
    table : Table
    notes : iterable of str
    left : iterable of int
        Columns to the left, others to the right.
    columns : str, optional
        LaTeX's own description of the columns, instead of `left`.
    long : bool
        A longtable, of the package of that name: it goes on over pages, under the same headers.
    """
    headers, lines = table
    left = set(left)
    columns = columns or "".join("l" if n in left else "r" for n in range(len(headers)))
    kind = "longtable" if long else "tabular"

    def row(cells: Sequence[str]) -> str:
        text = " & ".join(cell.translate(_LATEX) for cell in cells)
        # behind the line above, these would be arguments of its end
        return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"

    return "\n".join(
        [
            *[f"% {' '.join(note.split())}" for note in notes],
            rf"\begin{{{kind}}}{{{columns}}}",
            r"\toprule",
            row(headers),
            r"\midrule",
            *([r"\endhead"] if long else []),
            *map(row, lines),
            r"\bottomrule",
            rf"\end{{{kind}}}",
            "",
        ]
    )
