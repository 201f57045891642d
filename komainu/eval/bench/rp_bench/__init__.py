"""rp-bench: Japanese role-play over ten turns with a simulated user, after Aratako's Japanese-RP-Bench."""
