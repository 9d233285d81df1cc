"""From rows to tables, intervals, verdicts and figures: what all studies share."""
