"""Recipes of the copy descriptor, and the training of the codebook and the centres of copies."""
