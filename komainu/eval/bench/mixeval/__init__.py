"""MixEval and MixEval-Hard: multiple choice, scored by finding the chosen option in the answer."""
