"""What people do with hearings: load, decide, save, tell."""
