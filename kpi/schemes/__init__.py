"""Certification schemes as data and their judgement in three-valued logic."""
