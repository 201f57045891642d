"""Rows of a dataset of the store by number, by id and by what they say, however many there are."""
