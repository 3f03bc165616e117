"""What Vestibule does: one module per subject. Front ends, worker and command line are faces of these."""
