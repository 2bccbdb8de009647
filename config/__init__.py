"""What a user may write: models, loader with line and column, device profiles, scheme files, samples."""
