"""The audit: what the published study said, and what these data say."""
