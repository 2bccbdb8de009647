"""The registry of equipment, processes, points and loops: frozen lists and the ratios over them."""
