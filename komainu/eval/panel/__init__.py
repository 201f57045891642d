"""Panels of judges against a gold: agreement, biases, failures, drift."""
