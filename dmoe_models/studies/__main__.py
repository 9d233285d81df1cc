"""``python -m dmoe_models.studies``: the command `dmoe study`, where it is not installed."""

from dmoe_models.cli_study import study
from dmoe_models.shell import run

if __name__ == "__main__":
    run(study, "dmoe study")
