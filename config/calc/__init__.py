"""A case of `plantproof calc` as a person writes it, and its conversion with findings."""
