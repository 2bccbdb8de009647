"""What stands beside the upload rate: causes, gaps, shifts, and what gives a gamed rate away."""
