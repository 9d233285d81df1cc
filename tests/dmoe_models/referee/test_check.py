"""The referee: agrees with the evaluator, decides C1 to the last bit, and names every fault."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmoe_models import Instance, Solution, evaluate
from dmoe_models.referee.check import check
from dmoe_models.referee.exact_arithmetic import exact_need


def make_instance(**changes):
    """Three nodes with a token each, four subcarriers; scores that are exact in binary."""
    rng = np.random.default_rng(1)
    values = {
        "name": "three",
        "gate_scores": [[0.25, 0.5, 0.25], [0.125, 0.125, 0.75], [0.25, 0.25, 0.5]],
        "source": [0, 1, 2],
        "gain": rng.exponential(1e-2, (3, 3, 4)),
        "bandwidth_hz": 1e6,
        "transmit_power_w": 1e-2,
        "noise_power_w": 1e-5,
        "hidden_state_bits": 65536.0,
        "computation_energy_j": [1e-4, 2e-4, 3e-4],
        "static_energy_j": [1e-5, 0.0, 2e-5],
        "relevance": 1.0,
        "importance": 0.5,
        "max_experts": 2,
    }
    return Instance(**(values | changes))


GOOD = {
    "selection": [[0, 1, 0], [0, 0, 1], [0, 0, 1]],
    "assignment": [[-1, 0, -1], [-1, -1, 3], [-1, 2, -1]],
}
"""Link 0 -> 1 carries a token on subcarrier 0, link 1 -> 2 on 3; link 2 -> 1 is idle."""

P1 = {"assignment": GOOD["assignment"]}


def beta(*entries):
    owned = np.zeros((3, 3, 4), dtype=bool)
    for i, j, m in entries:
        owned[i, j, m] = True
    return owned


def random_case(rng):
    """Draw an instance (weak and missing links, static energies) and a solution of any kind."""
    nodes, tokens, subcarriers = (int(n) for n in rng.integers((2, 1, 1), (6, 12, 9)))
    gain = rng.exponential(1e-2, (nodes, nodes, subcarriers))
    gain[rng.random(gain.shape) < 0.2] = 1e-18
    gain[rng.random(gain.shape) < 0.2] = 0.0
    instance = make_instance(
        gate_scores=rng.dirichlet(np.full(nodes, 0.4), tokens),
        source=rng.integers(0, nodes, tokens),
        gain=gain,
        computation_energy_j=rng.random(nodes) * rng.choice([0, 1e-4]),
        static_energy_j=rng.random(nodes) * rng.choice([0, 1e-4]),
        relevance=1 - rng.random(),
        importance=1 - rng.random(),
        max_experts=int(rng.integers(1, nodes + 1)),
        strict_relevance=bool(rng.random() < 0.3),
    )
    selection = rng.random((tokens, nodes)) < 0.4
    off_diagonal = ~np.eye(nodes, dtype=bool)
    if rng.random() < 0.5:
        owned = rng.random((nodes, nodes, subcarriers)) < 0.6
        return instance, Solution(selection, subcarriers=owned & off_diagonal[:, :, None])
    assignment = np.where(off_diagonal, rng.integers(0, subcarriers, (nodes, nodes)), -1)
    return instance, Solution(selection, assignment)


# ------------------------------------------------------------------------------------ good ones


def test_a_good_solution_is_valid():
    instance = make_instance()
    energy = evaluate(instance, Solution(**GOOD)).total_j
    report = check(instance, Solution(**GOOD, instance_sha256=instance.sha256), energy)
    assert report.ok
    assert report.violations == []
    assert report.energy_j == pytest.approx(energy, rel=1e-15)
    assert report.verdict == "valid"


def test_energy_against_a_hand_calculation():
    """Signal-to-noise ratio 3 means 2 Mbit/s: 65536 bit at 10 mW are 327.68 microjoule."""
    instance = make_instance(gain=np.full((3, 3, 4), 3e-3))
    expected = 2 * 327.68e-6 + (2e-4 + 3e-4 + 3e-4) + 3e-5
    assert check(instance, Solution(**GOOD)).energy_j == pytest.approx(expected, rel=1e-13)


def test_several_subcarriers_cost_what_their_mean_rate_costs():
    """Ratios 1, 3 and 0 mean 1, 2 and 0 Mbit/s: three subcarriers of mean rate 1 Mbit/s."""
    gain = np.full((3, 3, 4), 3e-3)
    gain[0, 1] = [1e-3, 3e-3, 0.0, 0.0]
    instance = make_instance(gain=gain)
    solution = Solution(
        GOOD["selection"], subcarriers=beta((0, 1, 0), (0, 1, 1), (0, 1, 2), (1, 2, 3))
    )
    report = check(instance, solution)
    assert report.ok
    expected = 655.36e-6 + 327.68e-6 + 8e-4 + 3e-5
    assert report.energy_j == pytest.approx(expected, rel=1e-13)


def test_p1_takes_the_instances_assignment_by_default():
    instance = make_instance(**P1)
    report = check(instance, Solution(GOOD["selection"]))
    assert report.ok
    assert report.energy_j == check(make_instance(), Solution(**GOOD)).energy_j


def test_p1_idle_link_may_be_left_out():
    assignment = np.array(GOOD["assignment"])
    assignment[2, 1] = -1
    assert check(make_instance(**P1), Solution(GOOD["selection"], assignment)).ok


def test_everything_at_home_needs_no_link():
    scores = np.eye(3)
    report = check(make_instance(gate_scores=scores), Solution(np.eye(3, dtype=bool)))
    assert report.ok
    assert report.energy_j == pytest.approx(6e-4 + 3e-5, rel=1e-15)


@pytest.mark.parametrize("seed", range(300))
def test_agrees_with_the_evaluator(seed):
    instance, solution = random_case(np.random.default_rng(seed))
    report = check(instance, solution)
    energy = evaluate(instance, solution).total_j
    assert report.energy_j == pytest.approx(energy, rel=1e-12)
    assert math.isinf(energy) == ("link" in report.counts)
    if math.isfinite(energy):
        assert "objective" not in check(instance, solution, energy).counts


def test_the_random_cases_are_not_all_of_one_kind():
    reports = [check(*random_case(np.random.default_rng(seed))) for seed in range(300)]
    assert 30 < sum(math.isinf(report.energy_j) for report in reports) < 270
    assert {"C1", "C2", "C3", "link"} <= {name for report in reports for name in report.counts}


# ------------------------------------------------------------------------------------ broken ones


def with_assignment(**links):
    """Return the good assignment with some links changed, as in link01=3."""
    assignment = np.array(GOOD["assignment"])
    for name, m in links.items():
        assignment[int(name[-2]), int(name[-1])] = m
    return {"assignment": assignment}


BROKEN = {
    # name: (changed solution, changed instance, {(constraint, index): amount})
    "a token without experts": (
        {"selection": [[0, 0, 0], [0, 0, 1], [0, 0, 1]]},
        {},
        {("C1", (0,)): 0.5 * (1 - 1e-9)},
    ),
    "two tokens that miss their need": (
        {"selection": [[0, 0, 0], [0, 0, 1], [0, 1, 0]]},
        {},
        {("C1", (0,)): 0.5 * (1 - 1e-9), ("C1", (2,)): 0.25 - 0.5e-9},
    ),
    "strict relevance out of reach": (
        {},
        {"strict_relevance": True, "max_experts": 1, "relevance": 1.0, "importance": 0.625},
        {("C1", (0,)): 0.125 - 0.625e-9, ("C1", (2,)): 0.125 - 0.625e-9},
    ),
    "one expert too many": (
        {"selection": [[0, 1, 0], [0, 0, 1], [0, 1, 1]]},
        {"max_experts": 1},
        {("C2", (2,)): 1},
    ),
    "two experts too many": (
        {"selection": [[0, 1, 0], [0, 0, 1], [1, 1, 1]]} | with_assignment(link20=1),
        {"max_experts": 1},
        {("C2", (2,)): 2},
    ),
    "two loaded links on one subcarrier": (with_assignment(link12=0), {}, {("C3", (0,)): 1}),
    "an idle link on a subcarrier in use": (with_assignment(link21=0), {}, {("C3", (0,)): 1}),
    "three links on one subcarrier": (
        with_assignment(link12=0, link21=0),
        {},
        {("C3", (0,)): 2},
    ),
    "a shared subcarrier among several": (
        {"assignment": None, "subcarriers": beta((0, 1, 0), (0, 1, 1), (1, 2, 1), (1, 2, 2))},
        {},
        {("C3", (1,)): 1},
    ),
    "a loaded link without subcarrier": (with_assignment(link01=-1), {}, {("link", (0, 1)): 1}),
    "no subcarriers at all on P2": (
        {"assignment": None},
        {},
        {("link", (0, 1)): 1, ("link", (1, 2)): 1},
    ),
    "a loaded link on a subcarrier without gain": (
        {},
        {"gain": np.where(np.arange(4) == 0, 0.0, np.full((3, 3, 4), 1e-2))},
        {("link", (0, 1)): 1},
    ),
    "no gain on any of several subcarriers": (
        {"assignment": None, "subcarriers": beta((0, 1, 0), (0, 1, 1), (1, 2, 3))},
        {"gain": np.where(np.arange(4) < 2, 0.0, np.full((3, 3, 4), 1e-2))},
        {("link", (0, 1)): 1},
    ),
    "a subcarrier beyond the last": (with_assignment(link01=4), {}, {("index", (0, 1)): 1}),
    "a subcarrier far beyond the last": (with_assignment(link21=90), {}, {("index", (2, 1)): 87}),
    "a negative subcarrier": (with_assignment(link21=-3), {}, {("index", (2, 1)): 2}),
    "a subcarrier on the diagonal": (with_assignment(link11=1), {}, {("index", (1, 1)): 1}),
    "several subcarriers, one on the diagonal": (
        {"assignment": None, "subcarriers": beta((0, 1, 0), (1, 2, 3), (2, 2, 1))},
        {},
        {("index", (2, 2, 1)): 1},
    ),
    "a token too few": ({"selection": [[0, 1, 0], [0, 0, 1]]}, {}, {("shape", ()): 3}),
    "a transposed selection": (
        {"selection": [[0, 1, 1], [0, 0, 1]], "assignment": None},
        {"gate_scores": [[0.5, 0.5]] * 3, "gain": np.ones((2, 2, 4)), "source": [0, 1, 0]}
        | {"computation_energy_j": [0, 0], "static_energy_j": [0, 0]},
        {("shape", ()): 0},
    ),
    "an assignment of another size": (
        {"assignment": [[-1, 0], [1, -1]]},
        {},
        {("shape", ()): 5},
    ),
    "subcarriers of another number": (
        {"assignment": None, "subcarriers": np.zeros((3, 3, 5), dtype=bool)},
        {},
        {("shape", ()): 9},
    ),
    "a P1 link moved to another subcarrier": (
        with_assignment(link01=1),
        P1,
        {("assignment", (0, 1)): 1},
    ),
    "a subcarrier for a P1 link that has none": (
        with_assignment(link02=1),
        P1,
        {("assignment", (0, 2)): 1},
    ),
    "more subcarriers than P1 gives": (
        {"assignment": None, "subcarriers": beta((0, 1, 0), (0, 1, 1), (1, 2, 3))},
        P1,
        {("assignment", (0, 1)): 1},
    ),
    "a loaded P1 link left out": (with_assignment(link01=-1), P1, {("link", (0, 1)): 1}),
    "made for another instance": ({"instance_sha256": "0" * 64}, {}, {("instance", ()): 0}),
    "an infinite claim": ({"objective": math.inf}, {}, {("objective", ()): math.inf}),
    "a claim that is not a number": ({"objective": math.nan}, {}, {("objective", ()): math.inf}),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_solution_is_rejected_for_exactly_its_fault(fault):
    solution_changes, instance_changes, expected = BROKEN[fault]
    report = check(make_instance(**instance_changes), Solution(**(GOOD | solution_changes)))
    assert not report.ok
    found = {(v.constraint, v.index): v.amount for v in report.violations}
    assert len(report.violations) == len(found)
    assert found == {key: pytest.approx(amount, rel=1e-9) for key, amount in expected.items()}
    assert all("\n" not in v.message and v.message for v in report.violations)


def test_the_unbroken_counterpart_of_the_faults_is_valid():
    assert check(make_instance(), Solution(**GOOD)).ok
    assert check(make_instance(**P1), Solution(**GOOD)).ok


@pytest.mark.parametrize(
    ("error", "ok"), [(0.0, True), (0.9e-9, True), (-0.9e-9, True), (1.1e-9, False), (-1e-8, False)]
)
@pytest.mark.parametrize("as_argument", [True, False])
def test_claimed_objective(error, ok, as_argument):
    instance = make_instance()
    energy = check(instance, Solution(**GOOD)).energy_j
    claim = energy * (1 + error)
    if as_argument:
        report = check(instance, Solution(**GOOD), claim)
    else:
        report = check(instance, Solution(**GOOD, objective=claim))
    assert report.ok is ok
    if not ok:
        assert report.counts == {"objective": 1}
        assert report.violations[0].amount == pytest.approx(abs(claim - energy), rel=1e-6)


def test_a_wrong_claim_of_the_author_is_not_hidden_by_a_right_argument():
    instance = make_instance()
    energy = check(instance, Solution(**GOOD)).energy_j
    assert check(instance, Solution(**GOOD, objective=2 * energy), energy).counts == {
        "objective": 1
    }


def test_an_infinite_energy_may_be_claimed_but_no_finite_one():
    instance = make_instance()
    unserved = Solution(GOOD["selection"], **with_assignment(link01=-1))
    assert check(instance, unserved, math.inf).counts == {"link": 1}
    assert check(instance, unserved, 1.0).counts == {"link": 1, "objective": 1}
    assert check(instance, unserved).energy_j == math.inf


def test_every_fault_is_named_not_the_first_alone():
    solution = Solution(
        [[0, 0, 0], [1, 1, 1], [0, 1, 0]],
        [[-1, 9, -1], [0, 2, -1], [-1, 0, -1]],
        instance_sha256="f" * 64,
    )
    assert check(make_instance(), solution).counts == {
        "instance": 1,
        "C1": 2,
        "C2": 1,
        "index": 2,
        "C3": 1,
        "link": 1,
    }


def test_energy_is_unknown_where_a_loaded_link_names_no_subcarrier():
    loaded = Solution(GOOD["selection"], **with_assignment(link01=4))
    idle = Solution(GOOD["selection"], **with_assignment(link21=4))
    assert math.isnan(check(make_instance(), loaded, 1.0).energy_j)
    assert (
        check(make_instance(), idle).energy_j == check(make_instance(), Solution(**GOOD)).energy_j
    )
    assert math.isnan(check(make_instance(), Solution(np.ones((1, 1)))).energy_j)


# ------------------------------------------------------------------------------------ C1 exactly


@settings(max_examples=300)
@given(data=st.data())
def test_need_is_the_instances_to_the_last_bit(data):
    experts = data.draw(st.integers(2, 8))
    concentration = data.draw(st.sampled_from([0.05, 0.5, 5.0]))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    unit = st.floats(1e-12, 1.0)
    instance = make_instance(
        gate_scores=rng.dirichlet(np.full(experts, concentration), 20),
        source=np.zeros(20, dtype=int),
        gain=np.ones((experts, experts, 1)),
        computation_energy_j=np.zeros(experts),
        static_energy_j=np.zeros(experts),
        relevance=data.draw(unit),
        importance=data.draw(unit),
        max_experts=data.draw(st.integers(1, experts)),
        strict_relevance=data.draw(st.booleans()),
    )
    assert exact_need(instance) == instance.need.tolist()


def one_token(score):
    """Return an instance whose token has this score at expert 1 and needs about half."""
    return make_instance(gate_scores=[[1.0 - score, score, 0.0]], source=[0], max_experts=1)


ONE = Solution([[0, 1, 0]], [[-1, 0, -1], [-1] * 3, [-1] * 3])
NEED = one_token(0.75).need[0]


@pytest.mark.parametrize(
    ("score", "ok"),
    [
        (NEED, True),
        (np.nextafter(NEED, 0), False),
        (np.nextafter(NEED, 1), True),
        (0.5, True),
        (0.5 - 0.5e-7, False),
        (0.5 + 0.5e-7, True),
    ],
)
def test_relevance_at_the_edge(score, ok):
    report = check(one_token(float(score)), ONE)
    assert report.ok is ok
    if not ok:
        assert report.counts == {"C1": 1}
        exact = Fraction(float(NEED)) - Fraction(float(score))
        assert report.violations[0].amount == float(exact)


def test_relevance_of_sums_whose_float_order_matters():
    """Score sums at the edge are decided by the exact sum, whatever a float sum says."""
    disagreements = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        scores = rng.dirichlet(np.ones(6))
        chosen = np.array([1, 1, 1, 1, 0, 0], dtype=bool)
        exact = sum(Fraction(x) for x in scores[chosen].tolist())
        instance = make_instance(
            gate_scores=[scores],
            source=[0],
            gain=np.full((6, 6, 36), 1e-2),
            computation_energy_j=np.zeros(6),
            static_energy_j=np.zeros(6),
            relevance=min(1.0, float(exact) / (1 - 1e-9)),
            importance=1.0,
            max_experts=4,
            strict_relevance=True,
        )
        need = float(instance.need[0])
        expected = exact >= Fraction(need)
        disagreements += expected != (sum(scores[chosen].tolist()) >= need)
        assignment = np.arange(36).reshape(6, 6)
        np.fill_diagonal(assignment, -1)
        assert check(instance, Solution([chosen], assignment)).ok is expected
    assert disagreements > 0


# ------------------------------------------------------------------------------------ the report


def test_report_shows_its_violations():
    report = check(make_instance(), Solution(np.zeros((3, 3)), **with_assignment(link12=0)))
    assert repr(report).startswith("CheckReport('three': C1 x 3, C3 x 1, energy=")
    assert "subcarrier 0 belongs to 2 links: 0 -> 1, 1 -> 2" in repr(report)
    assert "token 1: " in report._repr_html_()
    table = report.to_dataframe()
    assert list(table.columns) == ["constraint", "index", "amount", "message"]
    assert table.constraint.tolist() == ["C1", "C1", "C1", "C3"]
    assert check(make_instance(), Solution(**GOOD)).to_dataframe().empty


def test_a_long_list_of_violations_is_shortened_when_printed():
    instance = make_instance(gate_scores=[[0.25, 0.5, 0.25]] * 100, source=[0] * 100)
    report = check(instance, Solution(np.zeros((100, 3))))
    assert len(report.violations) == 100
    assert repr(report).endswith("... and 80 more")
    assert "... and 80 more" in report._repr_html_()
