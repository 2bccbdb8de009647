"""Equipment statistics beside the log: kept up, formed anew, asked."""
