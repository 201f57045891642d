"""Model-written code runs here, cut off from the machine; docs/sandbox.md says from what and by which means."""
