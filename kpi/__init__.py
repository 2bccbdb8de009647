"""The arithmetic of the figures: pure functions from sealed rows to integers and exact fractions."""
