"""Figures from imported records: never mixed with what was measured."""
