"""OPC UA connector: subscriptions decoded into columns, items proven alive, losses counted."""
