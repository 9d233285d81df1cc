"""``python -m dmoe_models.studies``: the command `dmoe study`, where it is not installed."""

from dmoe_models.cli.shell import run
from dmoe_models.cli.study import study

if __name__ == "__main__":
    run(study, "dmoe study")
