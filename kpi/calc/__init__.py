"""The expert's calculator: a case written by hand, as input of the functions that the agent computes with."""
