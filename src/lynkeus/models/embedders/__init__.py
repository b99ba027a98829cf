"""Pictures to vectors, one architecture a file."""
