"""Files of reports: pictures, pages and tables, each complete or absent."""

from __future__ import annotations

import html
import importlib.util
import io
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dmoe_models.errors import DmoeError
from dmoe_models.files.folders import filled_folder
from dmoe_models.files.paths import naming

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Writer: TypeAlias = Callable[[Path], Any]
"""What writes one file."""


_NEEDED = ("matplotlib", "jinja2", "pyarrow")


def require_packages(what: str = "a report", names: Sequence[str] = _NEEDED) -> None:
    """Raise DmoeError, before any work is done, where a package for reports is missing.

    Parameters
    ----------
    what : str
        What needs them, for the message.
    names : sequence of str
        Of the packages.
    """
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if missing:
        raise DmoeError(f'{what} needs {", ".join(missing)}: pip install "dmoe-models[report]"')


def pictures(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """Return every figure as the contents of two files, name.png and name.pdf."""
    contents = {}
    for name, figure in figures.items():
        for kind, metadata in (("png", {}), ("pdf", {"CreationDate": None})):
            picture = io.BytesIO()
            figure.savefig(picture, format=kind, dpi=150, metadata=metadata)
            contents[f"{name}.{kind}"] = picture.getvalue()
    return contents


def write_contents(directory: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files whose contents are known, as `write_files` does.

    Parameters
    ----------
    directory : path
    contents : mapping of bytes
        By the names of the files.
    """
    return write_files(
        directory, {name: partial(_write_bytes, data) for name, data in contents.items()}
    )


def _write_bytes(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def write_files(directory: Path, writers: Mapping[str, Writer]) -> list[Path]:
    """Write files into a directory, all of them or none, each complete.

    Parameters
    ----------
    directory : path
        Made where there is none.
    writers : mapping of callable
        By the names of the files; each is called with the path to write to.

    Raises
    ------
    DmoeError
        Where one cannot be written, naming it.
    """
    with filled_folder(directory) as aside:
        for name, write in writers.items():
            with naming(directory / name):
                write(aside / name)
    return [directory / name for name in writers]


def svg(figure: Figure, name: str, label: str) -> str:
    """Return a figure as an SVG element that can stand inside a page, beside others.

    Parameters
    ----------
    figure : Figure
    name : str
        Its own on the page: all identifiers inside begin with it.
    label : str
        What it shows, for those who do not see it.
    """
    import matplotlib

    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{html.escape(label)}" ', 1)
