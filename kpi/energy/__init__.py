"""Energy: registers and power, carriers in standard coal, unit consumption."""
