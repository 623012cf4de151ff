"""The four vendors' REST APIs and ``generic`` (SIP only): one pure file per vendor and one HTTP client.

Nothing is built here yet: an account's vendor is ``generic`` until the adapters come.
"""
