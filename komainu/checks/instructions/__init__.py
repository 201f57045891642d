"""Verifiable instructions: one check of a response each, and the table of them by instruction id."""
