"""Benchmarks of quality and speed; none of this is shipped."""
