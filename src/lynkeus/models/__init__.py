"""What is trained and exported; PyTorch begins here."""
