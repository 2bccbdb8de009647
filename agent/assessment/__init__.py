"""A scheme assessed against what is known: `plantproof assess` and `plantproof schemes`."""
