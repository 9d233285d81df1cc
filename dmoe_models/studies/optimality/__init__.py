"""The study "optimality": how far from optimal are methods, bounds and searches?"""
