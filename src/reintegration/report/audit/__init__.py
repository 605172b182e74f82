"""The audit page: every specification and every estimate, each with its passport."""
