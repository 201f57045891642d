"""What a machine has and lacks for komainu, and how to get it."""
