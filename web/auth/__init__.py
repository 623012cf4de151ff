"""Who may: ``passwords`` (argon2id), ``sessions`` (cookie and row), ``tickets`` (one use), ``rates`` (attempts)."""
