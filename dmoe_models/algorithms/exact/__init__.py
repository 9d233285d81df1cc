"""P2 to proved optimality: token prices, reductions, a set program and branching.

Read the modules in this order:

- `method`: the function `exact`, step by step.
- `state`: best solution and bound of a run, which every step improves.
- `dual`: the dual function of the set formulation, whose value at any token prices is a bound.
- `ascent`: steps on the token prices that raise it.
- `selection.cheap_sets`: the sets of experts that a better solution may still hold.
- `residual`: the linear program of what the reductions leave, solved by column generation; it
  extends `set_program` (the program itself, in HiGHS), whose cuts come from `cuts` and whose sets
  lie in a `set_pool`.
- `branching`: branch and bound over `node`, where that program's solution is fractional.
- `proof_tree`: what was excluded at which prices, recorded for certificates.

Why the answer is proved
------------------------
Every bound is the dual function evaluated at some token prices, and is valid whatever the prices
(docs/model.md, fact 8): no solver's tolerance enters. A reduction leaves out a set or a subcarrier
only where its reduced cost exceeds the gap to the best known energy, so that any better solution
survives it. Branching splits what remains without loss. Hence the least bound of the parts, or the
best known energy if that is less, is a bound of the whole instance.
"""
