"""Pages from templates: one skeleton and style (``page.html`` here) for every report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any


def render(
    package: str,
    name: str,
    values: Mapping[str, Any],
    filters: Mapping[str, Callable[..., str]] | None = None,
) -> str:
    """Return a page made from a template.

    Parameters
    ----------
    package : str
        That holds the template.
    name : str
        Its file; one of HTML extends ``page.html``, and all that is put into it is escaped.
    values : mapping
        What the template is filled with; a name that it uses and that is not there is an error.
    filters : mapping, optional
        Functions that the template applies to values.
    """
    import jinja2  # an optional package

    def source(place: str, file: str) -> str:
        return (resources.files(place) / file).read_text(encoding="utf-8")

    templates = jinja2.Environment(
        loader=jinja2.DictLoader({"page.html": source("dmoe_models.presentation", "page.html")}),
        autoescape=name.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= dict(filters or {})
    return templates.from_string(source(package, name)).render(values)
