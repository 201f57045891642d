"""Japanese linguistic instruction following: the checks in families, their word tables, the prompts and the bench."""
