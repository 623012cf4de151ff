"""A thing that must not be."""


class Finding(AssertionError):
    """``check`` is the name of what failed, fit for a file's name."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(f"{check}: {detail}")
        self.check = check
        self.detail = detail
