"""How the calendar rests in PostgreSQL."""
