"""Certificates: what is optimal can be proved, what is false cannot, and tampering is noticed."""

import copy
import json
import math
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files as package_files
from types import SimpleNamespace

import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmoe_models import FileError, Status, check, solve
from dmoe_models.algorithms.exact.method import exact, run_exact
from dmoe_models.algorithms.exact.proof_tree import ProofNode
from dmoe_models.algorithms.exact.state import SearchState
from dmoe_models.certificates import (
    certify,
    read_certificate,
    verify_certificate,
    write_certificate,
)
from dmoe_models.deadline import Deadline
from dmoe_models.model.feasible_sets import feasible_sets
from dmoe_models.referee.exact_arithmetic import exact_need
from dmoe_models.referee.p1_tree import p1_bound
from dmoe_models.referee.p2_nodes import read_steps
from dmoe_models.referee.p2_sets import NEVER, MinimalSets
from dmoe_models.referee.p2_tree import TreeChecker
from dmoe_models.referee.p2_whole_numbers import WholeInstance
from dmoe_models.referee.proof_reading import RefusedError
from instances.families import draw
from instances.library.sets import load_set

from shell import assert_refused, call
from tiny import tiny_instance

SLACK = 1.01e-9  # relative: what a certificate may leave between energy and bound


def optimum(instance):
    """The optimum, J, by enumeration; infinite where there is no solution."""
    result = solve(instance, "exhaustive")
    assert result.status in (Status.OPTIMAL, Status.INFEASIBLE)
    return result.objective if result.solution is not None else math.inf


# --------------------------------------------------------------------------------- completeness


@pytest.mark.parametrize("given_assignment", [True, False])
def test_the_optima_of_tiny_instances_are_proved(given_assignment):
    infeasible = 0
    for seed in range(60):
        instance = tiny_instance(seed, given=given_assignment)
        made = certify(instance)
        assert made.report.ok, made.report.verdict
        best = optimum(instance)
        infeasible += best == math.inf
        if best == math.inf:
            assert made.report.bound_j == math.inf and made.solution is None
        else:
            assert check(instance, made.solution).ok
            assert best * (1 - SLACK) <= made.report.bound_j <= best * (1 + 1e-15)
    assert infeasible >= 2


@pytest.mark.parametrize("name", ["smoke", "small"])
def test_the_bundled_sets_are_proved(name):
    for instance in load_set(name):
        made = certify(instance)
        assert made.report.ok, (instance, made.report.verdict)
        if made.solution is None:
            assert made.report.bound_j == math.inf
        else:
            energy = check(instance, made.solution).energy_j
            assert energy * (1 - SLACK) <= made.report.bound_j <= energy


@pytest.fixture(scope="module")
def branched():
    """An instance whose proof has every kind of node, and its certificate."""
    instance = draw("contended", 1, K=6, T=36, M=30, gamma=0.25, D=3)
    return instance, certify(instance)


def test_a_proof_that_needs_a_tree(branched):
    _, made = branched
    kinds = {next(iter(node)) for node in made.certificate.proof["tree"]}
    assert kinds == {"prices", "reduce", "owns", "among", "uses"}
    assert made.report.ok


def test_what_is_proved_within_the_time_is_certified(branched):
    instance, made = branched
    for limit in (0.01, 0.03, 0.1):
        short = certify(instance, time_limit=limit)
        assert short.report.ok
        assert 0 < short.report.bound_j <= made.report.bound_j


def test_recording_changes_nothing():
    for seed in (1, 3):
        instance = draw("contended", seed, K=5, T=20, M=20, gamma=0.25, D=3)
        plain, recorded = exact(instance), SearchState(instance, Deadline(None), proof=ProofNode())
        outcome = run_exact(recorded)
        assert outcome.bound == plain.bound
        assert outcome.details["steps"] == plain.details["steps"]


# ------------------------------------------------------------------------------------ soundness


def claimed(certificate, bound):
    return replace(certificate, bound_j=bound)


PRICE = st.floats(0, 1e-3) | st.sampled_from([0.0, 1e-300, 1e300])


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 59), st.data())
def test_no_p1_proof_shows_more_than_the_optimum(seed, data):
    instance = tiny_instance(seed, given=True)
    best = optimum(instance)
    tokens = []
    for _ in range(instance.T):
        experts = data.draw(st.permutations(range(instance.K)))

        def grow(experts):
            if not experts or data.draw(st.booleans()):
                return [-1], [[data.draw(PRICE), data.draw(PRICE)]]
            yes, no = grow(experts[1:]), grow(experts[1:])
            return [experts[0], *yes[0], *no[0]], [*yes[1], *no[1]]

        tree, multipliers = grow(experts)
        tokens.append({"tree": tree, "multipliers": multipliers})
    try:
        shown = p1_bound(instance, tokens)
    except RefusedError:
        return  # a question about an expert that cannot be reached
    if shown is None:
        assert best == math.inf
    else:
        static = Fraction(math.fsum(instance.static_energy_j))
        assert best == math.inf or shown + static <= Fraction(best) * (1 + Fraction(1, 10**14))


def test_whole_p1_trees_show_the_optimum_to_the_last_bit():
    """Every set a leaf of its own: nothing is left to multipliers, and ties of C1 are exact."""
    for seed in range(60):
        instance = tiny_instance(seed, given=True)
        tokens = []
        for i in instance.source.tolist():
            tree = [-1]
            for j in range(instance.K):
                if i == j or instance.gain[i, j, instance.assignment[i, j]] > 0:
                    tree = [j, *tree, *tree] if instance.assignment[i, j] >= 0 or i == j else tree
            tokens.append({"tree": tree, "multipliers": [[0, 0]] * tree.count(-1)})
        shown = p1_bound(instance, tokens)
        best = optimum(instance)
        assert (shown is None) == (best == math.inf)
        if shown is not None:
            total = float(shown) + math.fsum(instance.static_energy_j)
            assert total == pytest.approx(best, rel=1e-14)


def test_a_reduction_keeps_what_is_better_than_the_target():
    """Whatever the prices: the optimum's sets and subcarriers stay where the target is above it."""
    random = np.random.default_rng(5)
    removed = 0
    for seed in range(25):
        instance = draw("contended", seed, K=4, T=8, M=14, gamma=0.3)
        made = certify(instance)
        energy, best = check(instance, made.solution).energy_j, made.solution
        proof = made.certificate.proof
        step = next(node for node in proof["tree"] if "prices" in node or "reduce" in node)
        for _ in range(20):
            prices = copy.deepcopy(next(iter(step.values())))
            size = random.choice([0.003, 0.03, 0.3])
            for rows in prices.values():
                for row in rows:
                    row[-1] *= 1 + float(size * random.uniform(-1, 1))
            (point,) = read_steps(instance, [{"reduce": prices}])
            depth = int(random.integers(0, instance.M))
            above = float(energy * (1 + random.choice([1e-9, 1e-4, 1e-2])))
            checker = TreeChecker(WholeInstance(instance, depth, [point.content], above))
            root = checker.root()
            node = checker.reduced(root, point.content)
            removed += int(root.open.sum() - node.open.sum())
            assert not node.empty
            used = set()
            for t, chosen in enumerate(best.experts):
                used |= {(int(instance.source[t]), j) for j in chosen}
                rows = [node.decided[t]] if node.decided[t, 0] >= 0 else []
                rows += list(node.members[node.tokens[node.owner] == t])
                assert any(
                    {j for j in row.tolist() if j < instance.K} == set(chosen) for row in rows
                )
            for i, j in used:
                if i != j:
                    link = checker.whole.link_of[i, j]
                    left = node.columns[link][node.open[link]]
                    assert best.assignment[i, j] in left or instance.M in left
    assert removed > 5000


@settings(max_examples=250, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 59), st.data())
def test_no_p2_tree_proves_more_than_the_optimum(seed, data):
    """Trees at random, of prices that are good or bad, never prove 1e-9 more than the truth."""
    instance = tiny_instance(seed)
    best = optimum(instance)
    made = certify(instance)
    good = [
        content
        for node in made.certificate.proof["tree"]
        for kind, content in node.items()
        if kind in ("prices", "reduce")
    ]

    def prices():
        chosen = copy.deepcopy(data.draw(st.sampled_from(good)))
        factor = data.draw(st.sampled_from([0.0, 0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 1.5, 100.0]))
        for rows in chosen.values():
            for row in rows:
                row[-1] *= factor if data.draw(st.booleans()) else 1.0
        extra = st.tuples(st.integers(0, instance.M - 1), st.floats(0, 1e-3))
        chosen["subcarriers"] = chosen.get("subcarriers", []) + [
            list(pair) for pair in data.draw(st.lists(extra, max_size=3))
        ]
        return chosen

    links = instance.links.tolist()

    def grow(depth):
        kinds = ["prices"] if depth == 0 else ["prices", "reduce", "uses"]
        kinds += ["owns", "among"] if depth and links else []
        kind = data.draw(st.sampled_from(kinds))
        if kind == "prices":
            return [{kind: prices()}]
        if kind == "reduce":
            return [{kind: prices()}, *grow(depth - 1)]
        if kind == "uses":
            asked = [data.draw(st.integers(0, n - 1)) for n in (instance.T, instance.K)]
        else:
            asked = list(data.draw(st.sampled_from(links)))
            if kind == "among":
                asked.append(data.draw(st.lists(st.integers(0, instance.M - 1))))
        return [{kind: asked}, *grow(depth - 1), *grow(depth - 1)]

    proof = {"depth": data.draw(st.integers(0, instance.M)), "tree": grow(3)}
    certificate = replace(made.certificate, proof=proof)
    if best < math.inf:
        too_much = best * (1 + 1e-9) + 1e-300
        assert not verify_certificate(instance, claimed(certificate, too_much)).ok
        assert not verify_certificate(instance, claimed(certificate, None)).ok
        assert verify_certificate(instance, made.certificate).bound_j <= best


@settings(max_examples=60)
@given(st.integers(0, 199), st.data())
def test_minimal_sets_are_those_of_the_enumeration(seed, data):
    """Also where a sum misses need by an ulp, with limits on cost, and where too many are left."""
    instance = tiny_instance(seed, max_nodes=5)
    reachable = instance.reachable
    sets = MinimalSets(instance, exact_need(instance), reachable)
    cost = np.array(
        data.draw(
            st.lists(
                st.lists(st.integers(0, 9), min_size=instance.K, max_size=instance.K),
                min_size=instance.T,
                max_size=instance.T,
            )
        )
    )
    cost = np.where(reachable[instance.source], cost, NEVER)
    limit = np.array([data.draw(st.sampled_from([0, 5, 12, int(NEVER)])) for _ in cost])
    tokens = np.arange(instance.T)
    owner, members, listed = sets.below(tokens, cost, limit, 100)
    assert listed.all()
    assert (np.diff(owner) >= 0).all()
    least = sets.least(tokens, cost)
    for t in tokens.tolist():
        every = {
            frozenset(experts): sum(cost[t, list(experts)].tolist())
            for experts in feasible_sets(
                instance.gate_scores[t],
                float(instance.need[t]),
                instance.max_experts,
                reachable[instance.source[t]],
            )
        }
        found = [frozenset(row[row < instance.K].tolist()) for row in members[owner == t]]
        assert len(found) == len(set(found))
        assert set(found) == {s for s, energy in every.items() if energy < limit[t]}
        assert least[t] == min(every.values(), default=NEVER)
    few = sets.below(tokens, cost, np.full(len(tokens), NEVER), 1)
    assert all((few[0] == t).sum() <= 1 for t in tokens)


# ------------------------------------------------------------------------------------ tampering


def tampered(certificate, change):
    """Return a certificate whose proof somebody has changed."""
    forged = SimpleNamespace(proof=copy.deepcopy(certificate.proof))
    change(forged)
    return replace(certificate, proof=forged.proof)


def first(certificate, kind):
    return next(node for node in certificate.proof["tree"] if kind in node)


def leaves(certificate):
    return [node["prices"] for node in certificate.proof["tree"] if "prices" in node]


def without_the_last(certificate):
    del certificate.proof["tree"][-1]


def one_more(certificate):
    certificate.proof["tree"].append({"prices": {}})


def set_price(value):
    def change(certificate):
        leaves(certificate)[0]["tokens"][0][-1] = value

    return change


def empty_leaf(certificate):
    leaves(certificate)[-1].clear()


def prices_of_others(certificate):
    """Every token pays what its neighbour in the list does."""
    for leaf in leaves(certificate):
        rows = leaf["tokens"]
        prices = [row[-1] for row in rows]
        for row, other in zip(rows, prices[1:] + prices[:1], strict=True):
            row[-1] = other


def dropped_child(certificate):
    """The tree of one answer stands for both: a leaf is taken out from under a question."""
    tree = certificate.proof["tree"]
    place = next(k for k, node in enumerate(tree) if "uses" in node and "prices" in tree[k + 1])
    del tree[place + 1]


def question_left_out(certificate):
    tree = certificate.proof["tree"]
    del tree[next(k for k, node in enumerate(tree) if "uses" in node)]


def ask(kind, *asked):
    def change(certificate):
        node = first(certificate, "uses")
        node.clear()
        node[kind] = list(asked)

    return change


def no_lists(certificate):
    certificate.proof["depth"] = -1


def depth_zero(certificate):
    certificate.proof["depth"] = 0


def no_tree(certificate):
    del certificate.proof["tree"]


P2_TAMPERING = {
    # name: (what is done to the certificate, what the reason says)
    "a child is dropped": (dropped_child, "below the claim|missing|complete before"),
    "a question is left out": (question_left_out, "below the claim|complete before"),
    "the last leaf is missing": (without_the_last, "1 node(s) are missing"),
    "a leaf too many": (one_more, "complete before"),
    "a negative price": (set_price(-1e-9), "not a finite price"),
    "a price is NaN": (set_price(math.nan), "not a finite price"),
    "a price is infinite": (set_price(math.inf), "not a finite price"),
    "a price is text": (set_price("1e-3"), "not a finite price"),
    "a price is a truth value": (set_price(True), "not a finite price"),
    "a price of thousands of digits": (set_price(10**400), "not a finite price|too large"),
    "a leaf without prices": (empty_leaf, "below the claim"),
    "prices of other tokens": (prices_of_others, "below the claim"),
    "a token that is none": (ask("uses", 36, 0), "not from 0 to 35"),
    "a link from a node to itself": (ask("owns", 1, 1), "no link 1 -> 1"),
    "a subcarrier that is none": (ask("among", 0, 1, [30]), "not from 0 to 29"),
    "a kind that is none": (ask("prunes", 0, 1), "not a kind of node"),
    "a question of another size": (ask("owns", 0), "not a list of 2"),
    "a depth below zero": (no_lists, "depth: -1 is not"),
    "no lists": (depth_zero, "below the claim"),
    "no tree": (no_tree, "tree is missing"),
}


@pytest.mark.parametrize("name", P2_TAMPERING)
def test_tampering_with_a_tree_is_noticed(branched, name):
    instance, made = branched
    change, reasons = P2_TAMPERING[name]
    report = verify_certificate(instance, tampered(made.certificate, change))
    assert not report.ok and report.bound_j == -math.inf
    assert any(reason in report.verdict for reason in reasons.split("|")), report.verdict
    assert report.verdict.isprintable()


HEADER_TAMPERING = {
    "another instance's hash": ({"instance_sha256": "0" * 64}, "made for an instance"),
    "another problem": ({"problem": "P3"}, "made for 'P3'"),
    "a bound of NaN": ({"bound_j": math.nan}, "not a finite number"),
    "an infinite bound": ({"bound_j": math.inf}, "not a finite number"),
    "infeasibility": ({"bound_j": None}, ""),
}


@pytest.mark.parametrize("name", HEADER_TAMPERING)
@pytest.mark.parametrize("problem", ["P1", "P2"])
def test_tampering_with_the_head_is_noticed(branched, problem, name):
    instance, made = branched
    if problem == "P1":
        instance = draw("hard-p1", 1, K=4, T=6)
        made = certify(instance)
    changes, reason = HEADER_TAMPERING[name]
    report = verify_certificate(instance, replace(made.certificate, **changes))
    assert not report.ok and reason in report.verdict
    raised = claimed(made.certificate, made.report.bound_j * (1 + 2e-9))
    assert not verify_certificate(instance, raised).ok
    other = instance.replace(static_energy_j=instance.static_energy_j + 1e-9)
    assert not verify_certificate(other, made.certificate).ok


def p1_certificate():
    instance = draw("hard-p1", 2, K=8, T=8)
    return instance, certify(instance)


P1_TAMPERING = {
    "a token is missing": (lambda tokens: tokens.pop(), "not a list of 8"),
    "a token without a tree": (lambda tokens: tokens[3].pop("tree"), "token 3: tree is missing"),
    "a subtree is missing": (lambda tokens: tokens[0]["tree"].pop(), "missing"),
    "a leaf too many": (lambda tokens: tokens[0]["tree"].append(-1), "complete before"),
    "a multiplier too many": (lambda tokens: tokens[0]["multipliers"].append([0, 0]), "more than"),
    "no multipliers": (lambda tokens: tokens[0]["multipliers"].clear(), "not a list of 2"),
    "a negative multiplier": (
        lambda tokens: tokens[0]["multipliers"].__setitem__(0, [-1.0, 0.0]),
        "not a finite price",
    ),
    "a multiplier of NaN": (
        lambda tokens: tokens[0]["multipliers"].__setitem__(0, [math.nan, 0.0]),
        "not a finite price",
    ),
    "multipliers of nought": (
        lambda tokens: [t.update(multipliers=[[0, 0] for _ in t["multipliers"]]) for t in tokens],
        "less than bound_j",
    ),
    "an expert that is none": (lambda tokens: tokens[0]["tree"].__setitem__(0, 8), "not a free"),
    "an expert asked for twice": (
        lambda tokens: tokens[0].update(tree=[1, 1, -1, -1, -1]),
        "not a free expert",
    ),
    "an expert that is a truth value": (
        lambda tokens: tokens[0]["tree"].__setitem__(0, True),
        "not a free expert",
    ),
    "an empty tree": (lambda tokens: tokens[0].update(tree=[]), "missing"),
    "proofs of other tokens": (lambda tokens: tokens.reverse(), ""),
}


@pytest.mark.parametrize("name", P1_TAMPERING)
def test_tampering_with_a_tokens_proof_is_noticed(name):
    instance, made = p1_certificate()
    change, reason = P1_TAMPERING[name]
    forged = tampered(made.certificate, lambda certificate: change(certificate.proof["tokens"]))
    report = verify_certificate(instance, forged)
    assert not report.ok and reason in report.verdict, report.verdict


def test_a_smaller_claim_needs_no_other_proof(branched):
    instance, made = branched
    for factor in (0.5, 0.999, 1 - 1e-7):
        bound = made.report.bound_j * factor
        report = verify_certificate(instance, claimed(made.certificate, bound))
        assert report.ok and report.bound_j == bound


# ----------------------------------------------------------------------------- files, commands


def test_files_hold_the_same_certificate(tmp_path, branched):
    schema = json.loads(
        package_files("instances")
        .joinpath("schemas", "dmoe-certificate.schema.json")
        .read_text(encoding="utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(schema)
    for made in (branched[1], p1_certificate()[1], certify(draw("scarce", 2, K=3, T=4, M=2))):
        write_certificate(made.certificate, tmp_path / "proof.json")
        assert read_certificate(tmp_path / "proof.json") == made.certificate
        document = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator(schema).validate(document)


def test_files_that_hold_none_are_named(tmp_path):
    path = tmp_path / "proof.json"
    good = {
        "format": "dmoe-certificate", "version": 1, "instance": "x", "instance_sha256": "0",
        "problem": "P1", "bound_j": 1.0, "tokens": [],
    }  # fmt: skip
    for changes, words in (
        ({"format": "dmoe-solution"}, "expected 'dmoe-certificate'"),
        ({"version": 2}, "version = 2"),
        ({"problem": "P3"}, "problem = 'P3'"),
        ({"problem": "P2"}, "unknown key 'tokens'"),
        ({"bound_j": "high"}, "bound_j = 'high'"),
        ({"bound_j": math.nan}, "bound_j = nan"),
        ({"instance": 3}, "instance = 3"),
        ({"gap": 0.0}, "unknown key 'gap'"),
    ):
        path.write_text(json.dumps(good | changes), encoding="utf-8")
        with pytest.raises(FileError, match=r"proof\.json") as caught:
            read_certificate(path)
        assert words in str(caught.value)


@pytest.mark.parametrize("subcarriers", [5, 6, 64])
@pytest.mark.parametrize("ratio", [300.0, 1e4])
def test_prices_far_above_the_optimum_are_paid(subcarriers, ratio):
    """What is owed for subcarriers exceeds the optimum by far, and the bound is the difference."""
    instance = draw("trap", 3, K=5, T=1, M=subcarriers, ratio=ratio)
    made = certify(instance)
    assert made.report.ok, made.report.reasons
    optimum = solve(instance, "exhaustive").objective
    assert optimum * (1 - 1e-9) <= made.report.bound_j <= optimum


def test_a_price_beyond_all_measure_is_refused_in_words():
    instance = draw("contended", 1, K=3, T=3)
    certificate = certify(instance).certificate
    proof = copy.deepcopy(certificate.proof)
    prices = next(step["prices"] for step in proof["tree"] if "prices" in step)
    prices["subcarriers"] = [[m, 1e308] for m in range(instance.M)]
    report = verify_certificate(instance, replace(certificate, proof=proof))
    assert not report.ok and "below the claim" in report.reasons[0]


@pytest.mark.parametrize("parameters", ["K=3", "K=3 T=4 M=2"])
def test_commands(capsys, tmp_path, parameters):
    file, proof, answer = (tmp_path / f"{name}.json" for name in ("round", "proof", "answer"))
    family, seed = ("scarce", 2) if "M=2" in parameters else ("contended", 1)
    pairs = [word for pair in parameters.split() for word in ("-p", pair)]
    assert call(capsys, "generate", family, "--seed", seed, *pairs, "-o", file).status == 0
    made = call(capsys, "certify", file, "-o", proof, "--solution", answer)
    assert made.status == 0
    if family == "scarce":
        assert "there is no solution" in made.out and not answer.exists()
        said = call(capsys, "check", file, "--certificate", proof)
        assert said.status == 0 and "there is no solution" in said.out
        return
    said = call(capsys, "check", file, answer, "--certificate", proof)
    assert said.status == 0
    for words in ("valid", "tolerances", "no solution below", "proved gap"):
        assert words in said.out
    facts = json.loads(call(capsys, "check", file, answer, "--certificate", proof, "--json").out)
    assert facts["valid"] and facts["proved"] and 0 <= facts["gap"] <= 1.1e-9

    document = json.loads(proof.read_text(encoding="utf-8"))
    document["bound_j"] *= 1.001
    proof.write_text(json.dumps(document), encoding="utf-8")
    said = call(capsys, "check", file, answer, "--certificate", proof)
    assert said.status == 1 and "certificate refused" in said.out
    assert_refused(call(capsys, "check", file, answer, "--certificate", answer), "answer.json")
    assert_refused(call(capsys, "check", file), "SOLUTION")
    assert_refused(call(capsys, "certify", file, "-o", tmp_path / "proof.nc"), "proof.nc")
