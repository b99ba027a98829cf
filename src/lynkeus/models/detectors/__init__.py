"""Detectors: pixels to boxes."""
