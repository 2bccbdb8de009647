"""Evidence: log, frames, checkpoint, statement, bundle and their verification; standard library and `cryptography` only."""
