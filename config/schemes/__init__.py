"""Scheme files: their models, checks and conversion; the files themselves lie beside."""
