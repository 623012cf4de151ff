"""The figures of ``make bench``: measured on one machine in one run, printed, never asserted.

``page`` measures the page against the sandbox, ``media`` the media workers under load.
"""
