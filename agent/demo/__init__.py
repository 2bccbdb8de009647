"""The demo: simulators, agent, board, time-lapse history, report, bundle, verification. Everything says simulated."""
