"""Archives: logs that are written already, cleaned in blocks on all cores."""
