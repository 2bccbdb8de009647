"""Second views with their effect; the measured figure stays."""
