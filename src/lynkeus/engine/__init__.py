"""The training loop on Lightning Fabric, the schedule and the run folder."""
