"""What programs reach: `/v1`, described in `docs/api.md`."""
