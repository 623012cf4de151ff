"""The commands of ``python -m web`` beside ``serve``: accounts, users, lines, and the check of an install."""
