"""Rules of consultations, opinions, groups, reports and clocks."""
