"""Classifiers that say where they look: one architecture a file."""
