"""What the problem is: instance, solution, energy, relevance, rates, gap, layer importance."""
