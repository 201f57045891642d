"""llm-jp-eval as of v1.4.1: its datasets, prompts, metrics and average."""
