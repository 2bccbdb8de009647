"""The board: pages, live stream and downloads of the agent."""
