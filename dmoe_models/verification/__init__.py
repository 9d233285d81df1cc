"""Many methods on many instances: plan, run, cross-check, compare, report."""
