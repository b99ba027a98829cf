"""How one kind of protected thing is stored and found; one file a kind."""
