"""Networks that are trained and exported; only this package and those above it import PyTorch."""
