"""Run methods on instance sets, verify every answer, print the table, write the report.

``python validate.py --help`` says how; the work is done in
``dmoe_models.verification.validate``.
"""

import sys

from dmoe_models.cli.guard import guard, left_in_time

if __name__ == "__main__":
    guard()  # before the imports that take a while: an interrupt must find it there
    try:
        from dmoe_models.cli.commands.validate import validate
        from dmoe_models.cli.shell import run
    except ModuleNotFoundError as error:
        print(
            f"error: {error}; install the project first: make setup, or pip install .",
            file=sys.stderr,
        )
        sys.exit(2)
    with left_in_time():
        run(validate, "validate.py")
