"""The worker: what runs beside the doors, on every node. It acts through services only."""
