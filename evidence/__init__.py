"""Evidence: log, frames, statement, bundle and verification, with the standard library and `cryptography` only."""
