"""The page and the JSON of `plantproof calc`."""
