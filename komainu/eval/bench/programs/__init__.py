"""EvalPlus' parts: its problems, the program in an answer, what is expected of it, and how the two are compared."""
