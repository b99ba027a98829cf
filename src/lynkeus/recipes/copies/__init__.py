"""Recipes of the copy descriptor, and training of the codebook and the centres that also find copies."""
