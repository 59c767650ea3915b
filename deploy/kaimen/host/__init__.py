"""The composition root: it knows every service, starts them, and is known by none."""
