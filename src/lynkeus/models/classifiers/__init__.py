"""Classifiers with class activation maps: one architecture per file."""
