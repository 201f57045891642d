"""Published results of others as ordinary artifacts."""
