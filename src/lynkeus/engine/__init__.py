"""The one training loop on Lightning Fabric, its schedule and its run folder."""
