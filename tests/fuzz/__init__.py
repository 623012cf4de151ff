"""Differential test of the near side: mutated messages, what the gateway takes them for, and what a PBX would see.

`python -m tests.fuzz --help` runs any number of them; `make fuzz` a million. What is found lies in ``tests/data/fuzz``
and is replayed by `test_fuzz`.
"""
