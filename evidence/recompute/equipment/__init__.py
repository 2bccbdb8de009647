"""Equipment statistics (docs/formats/statistics.md) and the claims that rest on them, in plain Python."""
