"""What people do with meetings and recruitments: load, decide, save, tell."""
