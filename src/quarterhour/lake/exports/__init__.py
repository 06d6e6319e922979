"""Taking merged tables out: as files for people and programs, and on a schedule."""
