"""Measurements: counts, ratios and error rates, each with the command that prints it."""
