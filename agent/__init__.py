"""The running agent: command line, supervisor, pipeline, sealer, board."""
