"""Recomputation of claims in plain Python, independent of the engine that made them."""
