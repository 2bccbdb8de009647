"""Report and bundle: figures, evidence grades, issue."""
