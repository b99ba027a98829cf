"""What all benchmarks share: results files, tables of the docs, and CPU cost against a floor timed in the same run."""
