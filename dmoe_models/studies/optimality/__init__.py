"""How far from optimal each method is, how tight each bound."""
