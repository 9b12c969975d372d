"""The process whose logs leave: records, exceptions and what visitors submitted, cleaned before they do."""
