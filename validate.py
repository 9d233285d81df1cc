"""Run methods on instance sets, verify every answer, print the table, write the report.

``python validate.py --help`` says how; the work is done in ``dmoe_models.verification``.
"""

try:
    from dmoe_models.shell import run
    from dmoe_models.validation import validate
except ModuleNotFoundError as error:
    raise SystemExit(f"{error}; install the project first: make, or pip install -e .") from None

if __name__ == "__main__":
    run(validate, "validate.py")
