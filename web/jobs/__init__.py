"""What happens after the moment: ``recordings`` turns closed captures into playable files, ``sessions`` forgets old
log-ins.
"""
