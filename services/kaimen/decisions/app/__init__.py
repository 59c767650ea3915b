"""What people do with catalogues and items: load, decide, save, tell."""
