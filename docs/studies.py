"""Write the claims of the paper into docs/studies.md, as the committed reports judge them.

``python docs/studies.py`` after ``dmoe study report DIR -o docs/studies/NAME --no-rows``.
"""

from pathlib import Path

import pandas as pd

from dmoe_models.studies.study import study_names
from dmoe_models.text import markdown

HERE = Path(__file__).parent
BEGIN, END = "<!-- claims -->\n", "<!-- end of claims -->\n"


def claims() -> str:
    """Return the table: every claim whose source is the paper, in Markdown."""
    lines = []
    for study in study_names():
        for verdict in pd.read_csv(HERE / "studies" / study / "verdicts.csv").to_dict("records"):
            if "arXiv" in str(verdict["source"]):
                figure = str(verdict["figure"])
                shown = HERE / "studies" / study / f"{figure}.png"
                found = str(verdict["sentence"])
                if shown.exists():
                    found += f" [Figure](studies/{study}/{figure}.png)"
                lines.append([str(verdict["claim"]), f"**{verdict['outcome']}**", found])
    return markdown((["claim", "outcome", "what was found"], lines), left=(0, 1, 2))


def main() -> None:
    """Put the table where the page has its marks."""
    page = HERE / "studies.md"
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}{claims()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
