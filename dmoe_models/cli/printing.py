"""What several commands print: JSON, the verdict of the referee, what a certificate proves."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import click

from dmoe_models.files.plain_json import plain
from dmoe_models.referee.check import CheckReport


def print_json(value: Any) -> None:
    """Print a value as JSON; what is not finite becomes null or a string."""
    click.echo(json.dumps(plain(value), indent=1))


def violation_facts(report: CheckReport | None) -> list[dict[str, Any]]:
    """Return the violations of a referee's report, if there is one, for JSON."""
    return [
        {
            "constraint": violation.constraint,
            "index": list(violation.index),
            "amount": violation.amount,
            "message": violation.message,
        }
        for violation in (report.violations if report is not None else ())
    ]


def print_verdict(headline: str, report: CheckReport) -> None:
    """Print a line about a referee's report, then every violation.

    Parameters
    ----------
    headline : str
    report : CheckReport
    """
    click.echo(headline)
    for violation in report.violations:
        click.echo(f"  {violation.constraint}: {violation.message}")


def print_proof(facts: Mapping[str, Any]) -> None:
    """Print what a certificate proves, as `proof_facts` of `dmoe_models.solving.certified` says."""
    if not facts["proved"]:
        click.echo("certificate refused")
        for reason in facts["reasons"]:
            click.echo(f"  {reason}")
        return
    if facts["bound_j"] == math.inf:
        click.echo("certificate proves: there is no solution")
    else:
        click.echo(f"certificate proves: no solution below {facts['bound_j']!r} J")
    if "gap" in facts:
        click.echo(f"energy {facts['energy_j']!r} J, proved gap {facts['gap']:.3g}")
