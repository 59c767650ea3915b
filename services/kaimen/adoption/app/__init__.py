"""What people do with opinions: load, decide, save, tell."""
