"""What variables and rows are called in model files, and what a name means.

A name says what it is and its indices: ``select_t3_e5`` (expert 5 serves token 3),
``assign_i0_j2_m17`` (link 0 -> 2 owns subcarrier 17), ``set_t3_e1_e5`` (token 3, and every token
grouped with it, is served by experts 1 and 5). Names are letters, digits and underscores, begin
with a letter other than e, which some readers of LP take for an exponent, and have at most 100
characters; a set whose experts do not fit goes by its number: ``set_t3_n17``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from dmoe_models.errors import FileError
from dmoe_models.input_checks import quote
from dmoe_models.model.instance import Instance
from formulations.catalogue import Model
from formulations.data import ModelData, TokenGroup

LONGEST_NAME = 100
"""Characters. CBC's reader of LP calls all columns x0, x1, ... where one name is longer."""

PROBLEM = "dmoe_"
"""Begins the name of a model in its file; the first 16 digits of the instance's hash follow."""

SHA256 = "instance_sha256"
"""Precedes the instance's hash in the comments of a model's file."""


def problem_name(instance: Instance) -> str:
    """Return what files call the model of an instance; solvers repeat it in their solutions."""
    return f"{PROBLEM}{instance.sha256[:16]}"


NAMES = {
    "alpha": "select_t{}_e{}",
    "x": "assign_i{}_j{}_m{}",
    "beta": "assign_i{}_j{}_m{}",
    "e": "link_energy_i{}_j{}",
    "nothing": "nothing",
    "y": "carry_t{}_e{}_m{}",
    "C1": "relevance_t{}",
    "C2": "sparsity_t{}",
    "C3": "unshared_m{}",
    "one_a_link": "one_subcarrier_i{}_j{}",
    "carried": "carried_t{}_e{}",
    "owner": "owner_t{}_e{}_m{}",
    "choice": "one_set_t{}",
    "served": "served_i{}_j{}",
    "chosen": "chosen_t{}_e{}",
    "energy_of_link": "ratio_i{}_j{}",
    "no_mean_beats_the_best": "best_rate_i{}_j{}",
    "owned": "owned_i{}_j{}",
}
"""Names by Pyomo component; one that is not here goes by `OTHER_NAME`."""

NAMES_PER_LINK = {
    "y": "tokens_i{}_j{}_m{}",
    "carried": "carried_i{}_j{}",
    "owner": "owner_i{}_j{}_m{}",
}
"""Names of components that a model with loads per link indexes by links, and others by tokens."""

OF_GROUPS = ("y", "carried", "owner", "choice")
"""Components that a model of sets indexes by groups first, and others by tokens."""

OTHER = "other_"
"""Begins the names of a component that `NAMES` lacks: the component and its indices follow."""


def name_of(model: Model, data: ModelData, item: Any) -> str:
    """Return the name of a variable or row: what it is, and its indices.

    Parameters
    ----------
    model : Model
    data : ModelData
    item : pyomo variable or constraint
        Of a model that was built from both.
    """
    kind, index = item.parent_component().local_name, item.index()
    index = index if isinstance(index, tuple) else () if index is None else (index,)
    if model.experts == "z":
        if kind == "z":
            return set_name(data.groups[index[0]], index[1])
        if kind in OF_GROUPS:  # a group goes by its first token
            index = (data.groups[index[0]].tokens[0], *index[1:])
    templates = NAMES | NAMES_PER_LINK if model.load == "link" else NAMES
    if kind not in templates:
        return OTHER + "_".join([kind, *map(str, index)])
    return templates[kind].format(*index)


def set_name(group: TokenGroup, number: int) -> str:
    """Return the name of a group's set: the group's first token, and the experts or the number.

    Parameters
    ----------
    group : TokenGroup
    number : int
        Of the set in its group.
    """
    name = _name_by_experts(group, number)
    return name if len(name) <= LONGEST_NAME else f"set_t{group.tokens[0]}_n{number}"


def _name_by_experts(group: TokenGroup, number: int) -> str:
    experts = np.flatnonzero(group.members[number]).tolist()
    return f"set_t{group.tokens[0]}" + "".join(f"_e{j}" for j in experts)


def sets_by_name(data: ModelData) -> dict[str, tuple[TokenGroup, int]]:
    """Return the group, and the number in it, of every set of an instance by name.

    By its experts each, however many: files that name up to 255 characters of them were written.
    """
    return {
        name: (group, number)
        for group in data.groups
        for number in range(len(group.members))
        for name in (_name_by_experts(group, number), set_name(group, number))
    }


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(template.replace("{}", "(0|[1-9][0-9]{0,9})"), re.ASCII)


_KINDS = (
    ("select", _pattern(NAMES["alpha"])),
    ("assign", _pattern(NAMES["x"])),
    *(
        ("auxiliary", _pattern(template))
        for template in sorted({*NAMES.values(), *NAMES_PER_LINK.values()})
        if template not in (NAMES["alpha"], NAMES["x"])
    ),
)
"""What a name that matches is, unless it is of a set. What is auxiliary follows from the decisions:
other variables, and rows, which CBC lists before the variables when it is asked for all."""


def parse_name(
    instance: Instance, sets: dict[str, tuple[TokenGroup, int]], name: str
) -> tuple[str, tuple[int, ...]]:
    """Return what the variable of this name is, and its indices.

    Parameters
    ----------
    instance : Instance
    sets : dict
        From `sets_by_name`; empty where no name is of a set.
    name : str

    Returns
    -------
    kind : str
        "set", "select", "assign" or "auxiliary".
    index : tuple of int

    Raises
    ------
    FileError
        For a name that no model of the instance has.
    """
    if name in sets:
        return "set", ()
    if name.startswith(OTHER):
        return "auxiliary", ()
    sizes = {"t": instance.T, "e": instance.K, "i": instance.K, "j": instance.K, "m": instance.M}
    for kind, pattern in _KINDS:
        match = pattern.fullmatch(name)
        if match is None:
            continue
        index = tuple(map(int, match.groups()))
        letters = re.findall(r"_([teijm])\d", name)
        known = all(n < sizes[letter] for n, letter in zip(index, letters, strict=True))
        over_a_link = "_i" not in name or (instance.problem == "P2" and index[0] != index[1])
        if known and over_a_link:
            return kind, index
    raise FileError(
        f"variable {quote(name)} is in no model of {_shown(instance)} ({instance.problem}, "
        f"K = {instance.K}, T = {instance.T}, M = {instance.M})"
    )


def require_same_instance(instance: Instance, problem: str, sha256: str) -> None:
    """Refuse a solution whose file, or the model's file beside it, names another instance.

    Parameters
    ----------
    instance : Instance
    problem : str
        Name of the model that the solver repeats; "" for none.
    sha256 : str
        Hash that the model's file states; "" for none.

    Raises
    ------
    FileError
        Naming both instances by their hashes.
    """
    stated = sha256 or (problem.removeprefix(PROBLEM) if _PROBLEM_NAME.fullmatch(problem) else "")
    if not instance.sha256.startswith(stated):
        raise FileError(
            f"is a solution of another instance, with the hash {stated[:16]}...; "
            f"{_shown(instance)} has {instance.sha256[:16]}..."
        )


_PROBLEM_NAME = re.compile(f"{PROBLEM}[0-9a-f]{{16}}", re.ASCII)


def _shown(instance: Instance) -> str:
    return instance.name if instance.name.isprintable() else quote(instance.name)
