"""Devices, plants and histories with a known truth. Imports nothing of the product but `model`."""
