"""Archives: logs already written, cleaned in blocks on all cores."""
