"""Numbers and tables as people read them: plain text, Markdown, LaTeX and small HTML tables.

Rounding never claims too much: what is not 0 is not written as 0, and what is not 1, or 100 %, is
not written as that.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

Table = tuple[list[str], list[list[str]]]
"""Headers and lines of cells."""

NOTHING = "-"
"""A cell without a value."""

_MOST, _NEAR_ONE = 6, 10
"""Decimals, of a number close to 1 more; what needs more still is written with an exponent."""

_PREFIXES = {-4: "p", -3: "n", -2: "µ", -1: "m", 0: "", 1: "k", 2: "M"}

# ---------------------------------------------------------------------------------------- numbers


def format_number(value: float, digits: int) -> str:
    """Write a number to so many significant digits; a dash where there is none.

    Parameters
    ----------
    value : float
        NaN, or -inf for a bound that nobody proved, is nothing.
    digits : int
    """
    return NOTHING if math.isnan(value) or value == -math.inf else f"{value:.{digits}g}"


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


def format_labels(values: Iterable[Any]) -> list[str]:
    """Write what says what lines are about: truths as yes or no, numbers in as few digits as do.

    Values that differ are written differently, as far as twelve digits can.
    """
    values = list(values)
    for digits in (6, 12):
        found = [_label(value, digits) for value in values]
        if len(set(found)) == len(set(map(str, values))):
            break
    return found


def _label(value: Any, digits: int) -> str:
    value = _plain(value)
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """Return Python's own value for one of numpy's, and None for NaN and for pandas' NA."""
    value = value.item() if hasattr(value, "item") else value
    try:
        return value if value == value else None
    except TypeError:  # pandas.NA is neither equal to itself nor different
        return None


def format_estimate(value: float, low: float, high: float, factor: float = 1.0) -> str:
    """Write an estimate and its interval, to two digits of half the interval's length.

    Parameters
    ----------
    value, low, high : float
        NaN for what is not known.
    factor : float
        By which numbers are multiplied: 100 for percent.

    Returns
    -------
    str
        Such as ``98.4 [96.0, 99.6]``.
    """
    if math.isnan(value):
        return NOTHING
    reach = [abs(end - value) for end in (low, high) if math.isfinite(end - value)]
    half = factor * sum(reach) / len(reach) if reach else 0.0
    if half > 0:
        digits = 1 - math.floor(math.log10(half))
        written, *ends = [_written(number, factor, digits) for number in (value, low, high)]
    else:
        written, *ends = [format_value(number, factor) for number in (value, low, high)]
    return f"{written} [{NOTHING if ends == [NOTHING] * 2 else ', '.join(ends)}]"


def format_value(value: Any, factor: float = 1.0) -> str:
    """Write what has no interval: a number to four digits, a count in full, a truth as yes or no.

    Parameters
    ----------
    value : number, bool or str
    factor : float
        As for `format_estimate`.
    """
    value = _plain(value)
    if value is None or isinstance(value, (bool, str)):
        return _label(value, 4)
    number = float(value)
    size = abs(factor * number)
    if size == 0 or math.isinf(size):
        return _written(number, factor, 0)
    if number.is_integer() and factor == 1 and size < 1e15:
        return f"{number:,.0f}"
    short = f"{factor * number:.4g}"
    if float(short) == float(f"{factor * number:.15g}"):
        return short
    digits = 3 - math.floor(math.log10(size))
    if factor == 100 and 0 < number < 1:  # what is missing to all is as telling
        digits = max(digits, 1 - math.floor(math.log10(100 * (1 - number))))
    return _written(number, factor, digits)


def _written(value: float, factor: float, digits: int) -> str:
    """Write a number to so many decimals, and to more where it would look like 0 or 1."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    scaled = factor * value
    if value in (0, 1):
        return f"{scaled:.0f}"
    if abs(value - 1) < 0.1:
        return _unlike(factor, scaled, digits, _NEAR_ONE) or ("<>"[value > 1] + f"{factor:.0f}")
    if digits > _MOST and abs(scaled) < 10.0 ** (1 - _MOST):
        return f"{scaled:.2g}"
    return _unlike(0.0, scaled, digits, _MOST) or f"{scaled:.2g}"


def _unlike(mark: float, number: float, digits: int, limit: int) -> str:
    for decimals in range(min(max(0, digits), limit), limit + 1):
        text = f"{number:,.{decimals}f}"
        if float(text.replace(",", "")) != mark:
            return text
    return ""


def in_percent(interval: tuple[float, float, float]) -> str:
    """Write a share with its interval, in percent, to the digits that the interval supports.

    Parameters
    ----------
    interval : (value, low, high)
        Shares; NaN for ends that are not known.

    Returns
    -------
    str
        Such as ``98.4 % [96.0, 99.6]``.
    """
    value, low, high = (100 * number for number in interval)
    if value == low == high:
        return f"{value + 0.0:g} %" if not _looks_whole(value, 4) else f"{value!r} %"
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "without bound"
    if value in (0.0, 100.0) and math.isnan(low + high):
        return f"{value + 0.0:g} %"  # no -0
    if math.isinf(low) or math.isinf(high):
        low = high = math.nan
    width = high - low if high > low else abs(value)  # NaN compares as false
    digits = 0
    while digits < 15 and (
        width * 10**digits < 10
        or any(_looks_whole(number, digits) for number in (value, low, high))
    ):
        digits += 1
    value, low, high = (round(number, digits) + 0.0 for number in (value, low, high))  # no -0
    written = f"{value:.{digits}f} %"
    return written if math.isnan(low + high) else f"{written} [{low:.{digits}f}, {high:.{digits}f}]"


def _looks_whole(number: float, digits: int) -> bool:
    """Whether rounding makes 0 or 100 % of what is neither."""
    return any(number != end and round(number, digits) == end for end in (0.0, 100.0))


def prefixed(values: Iterable[float], unit: str) -> tuple[str, float]:
    """Return the unit in which values are read well, and by what they are multiplied for it.

    Parameters
    ----------
    values : iterable of float
        In `unit`; what is 0 or not finite has no say.
    unit : str
        Such as "J".
    """
    sizes = sorted(abs(value) for value in values if math.isfinite(value) and value != 0)
    if not sizes:
        return unit, 1.0
    step = math.floor(math.log10(sizes[len(sizes) // 2]) / 3)
    step = min(max(step, min(_PREFIXES)), max(_PREFIXES))
    return _PREFIXES[step] + unit, 10.0 ** (-3 * step)


# ----------------------------------------------------------------------------------------- tables


def text_table(headers: Sequence[str], lines: Sequence[Sequence[str]], left: Iterable[int]) -> str:
    """Return a table as plain text, its columns aligned.

    Parameters
    ----------
    headers : sequence of str
    lines : sequence of sequence of str
        Cells, one for each header.
    left : iterable of int
        Columns to the left, others to the right.
    """
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
    """Return a table in Markdown.

    Parameters
    ----------
    table : Table
    left : iterable of int
        Columns to the left, others to the right.
    """
    headers, lines = table
    left = set(left)
    rule = [":--" if number in left else "--:" for number in range(len(headers))]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"
        for cells in (headers, rule, *lines)
    )


_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "µ": r"\textmu{}",
    }
)


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


def html_table(caption: str, lines: Iterable[tuple[str, str]]) -> str:
    """Return a small table of two columns, for a notebook.

    Parameters
    ----------
    caption : str
    lines : iterable of (str, str)
        Name and value; plain text.
    """
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
        f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
        for name, value in lines
    )
    return f"<table><caption>{html.escape(caption)}</caption>{rows}</table>"


def html_grid(
    caption: str,
    table: Table,
    left: Iterable[int] = (0,),
    notes: Iterable[str] = (),
    *,
    room: int = 20,
) -> str:
    """Return a table of any number of columns, for a notebook; what is in it is escaped.

    Parameters
    ----------
    caption : str
    table : Table
        Plain text.
    left : iterable of int
        Columns to the left, others to the right.
    notes : iterable of str
        Lines below it.
    room : int
        Lines that are shown, of the table and of the notes; of more, only how many there are.
    """
    headers, lines = table
    left, notes = set(left), list(notes)

    def row(kind: str, cells: Sequence[str]) -> str:
        sides = ("left" if number in left else "right" for number in range(len(headers)))
        return "".join(
            f"<{kind} style='text-align:{side}'>{html.escape(cell)}</{kind}>"
            for side, cell in zip(sides, cells, strict=True)
        )

    if len(lines) > room:
        more = f"... and {len(lines) - room:,} more"
        lines = [*lines[:room], [more, *[""] * (len(headers) - 1)]]
    if len(notes) > room:
        notes = [*notes[:room], f"... and {len(notes) - room:,} more"]
    below = "".join(f"<div>{html.escape(note)}</div>" for note in notes)
    body = "".join(f"<tr>{row('td', cells)}</tr>" for cells in lines)
    head = f"<thead><tr>{row('th', headers)}</tr></thead>"
    return f"<table><caption>{html.escape(caption)}</caption>{head}{body}</table>{below}"
