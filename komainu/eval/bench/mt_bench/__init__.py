"""The Japanese MT-Bench: 80 questions of two turns (Stability AI's translation of LMSYS' MT-Bench)."""
