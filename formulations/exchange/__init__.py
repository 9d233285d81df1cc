"""Models as files for other solvers (LP, MPS, NL), and their solution files read back."""

from formulations.exchange.read import judge_model_solution, read_model_solution
from formulations.exchange.write import write_model

__all__ = ["judge_model_solution", "read_model_solution", "write_model"]
