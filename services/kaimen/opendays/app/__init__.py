"""What can be done with open days: each use case loads, lets the domain decide, saves, and says so."""
