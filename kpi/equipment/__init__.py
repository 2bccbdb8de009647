"""Equipment statistics (docs/formats/statistics.md): integers by cell, and every figure that is formed from them."""
