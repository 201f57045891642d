"""Shaberi: four Japanese sets whose answers judges mark (github.com/shisa-ai/shaberi, after Lightblue)."""
