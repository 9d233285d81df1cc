"""Certificates of optimality: `optimum.certify` makes them, by the proofs of `p1` and `p2`.

They are written and read by `dmoe_models.files.certificates` and verified by
`dmoe_models.referee.certificate`.
"""
