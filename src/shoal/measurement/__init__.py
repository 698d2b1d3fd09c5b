"""What the record tells: audit and report."""
