"""Pages from templates: HTML is escaped, what a template needs has to be there."""

from __future__ import annotations

import pytest

pytest.importorskip("jinja2")

from dmoe_models.presentation.pages import render


def package(tmp_path, monkeypatch, **templates):
    folder = tmp_path / "pages_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").touch()
    for name, text in templates.items():
        (folder / name.replace("_", ".")).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return folder.name


def test_a_page_has_the_common_style_and_escapes(tmp_path, monkeypatch):
    text = '{% extends "page.html" %}{% block title %}{{ name }}{% endblock %}'
    text += "{% block body %}<p>{{ name | twice }}</p>{% endblock %}"
    name = package(tmp_path, monkeypatch, page_html=text, page_md="# {{ name }}\n")
    page = render(name, "page.html", {"name": "a < b"}, {"twice": lambda word: word * 2})
    assert "<title>a &lt; b</title>" in page and "<p>a &lt; ba &lt; b</p>" in page
    assert "border-collapse" in page
    assert render(name, "page.md", {"name": "a < b"}) == "# a < b\n"
    with pytest.raises(Exception, match="'name' is undefined"):
        render(name, "page.md", {})
