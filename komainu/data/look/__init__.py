"""A static site of one set of rows: what is in it, what was dropped, and what each row was before."""
