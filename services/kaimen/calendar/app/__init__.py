"""What the calendar does: it keeps the gathered feeds, and says which holiday notices there are."""
