"""Copy matching: local features, votes, geometric verification and agreement of aligned pixels."""
