"""komainu: from an open base model to a bilingual chat model, with numbers that can be traced."""

__version__ = "0.1.0"
