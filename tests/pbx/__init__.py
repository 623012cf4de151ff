"""A real Asterisk for tests: see README.md in this folder."""
