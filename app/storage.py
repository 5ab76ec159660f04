"""Evidence bytes by content hash, on a local disk or in an S3-compatible store."""
