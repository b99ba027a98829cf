"""What the laboratory's loop costs beside a bare one, and whether its loader keeps the cores busy."""
