"""The words of the domain: signals, batches, flags, states, errors. Standard library only (numpy in `model.batch`)."""
