"""What runs in the jail's own process: the standard library only, and nothing that is worth stealing."""
