"""P2 straight into HiGHS, without a modelling layer."""
