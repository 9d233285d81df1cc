"""Fit `calibrated` to recordings: ``python -m instances.recorded.fit_scores --data DIR``.

Only the fitted parameters are written; nothing of a single token is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dmoe_models.errors import DmoeError
from dmoe_models.files.paths import replacement
from dmoe_models.scores.fit import fit_kinds
from dmoe_models.scores.fitted import BIAS_UNIT, PARAMETERS
from instances.recorded.directory import DOMAINS, RECORDED_LAYERS, recorded_gates


def fit(data_dir: Path) -> dict[str, list[list[dict[str, Any]]]]:
    """Return domain -> layer -> parameters of its kinds of tokens, from a data directory."""
    return {
        domain: [
            fit_kinds(recorded_gates(data_dir, domain, layer).scores, seed=layer)
            for layer in range(RECORDED_LAYERS)
        ]
        for domain in DOMAINS
    }


def write(fitted: dict[str, list[list[dict[str, Any]]]], target: Path) -> None:
    """Write fitted parameters as JSON, a kind of tokens a line.

    Parameters
    ----------
    fitted : dict
        As `fit` returns.
    target : path
    """
    layers = {
        domain: "[\n"
        + ",\n".join(
            "[" + ",\n".join(json.dumps(kind, separators=(",", ":")) for kind in kinds) + "]"
            for kinds in entries
        )
        + "\n]"
        for domain, entries in fitted.items()
    }
    about = (
        "Parameters fitted by instances.recorded.fit_scores to router outputs of the ESFT project "
        "(github.com/deepseek-ai/ESFT): domain -> layer -> kinds of tokens; biases in units of "
        f"{BIAS_UNIT}."
    )
    body = ",\n".join(f"{json.dumps(domain)}: {text}" for domain, text in layers.items())
    with replacement(target) as temporary:
        temporary.write_text(
            f'{{"about": {json.dumps(about)},\n"domains": {{\n{body}\n}}}}\n', encoding="utf-8"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the model of the family `calibrated` to recorded gate scores, and write it.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default. Exit status 2, and one line, for data that cannot be read.
    """
    parser = argparse.ArgumentParser(
        prog="python -m instances.recorded.fit_scores",
        description="Fit the model of the family `calibrated` to recorded gate scores.",
    )
    parser.add_argument("--data", type=Path, required=True, help="Directory of recorded data.")
    parser.add_argument(
        "--output", type=Path, default=Path(str(PARAMETERS)), help="Where parameters are written."
    )
    given = parser.parse_args(arguments)
    try:
        write(fit(given.data), given.output)
    except DmoeError as error:
        parser.exit(2, f"error: {error}\n")


if __name__ == "__main__":
    main()
