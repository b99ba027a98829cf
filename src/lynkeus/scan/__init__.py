"""The product: register, scan, review; the only place that wires its parts."""
