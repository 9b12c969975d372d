"""The logs of the running process: records, exceptions and submitted values, cleaned before they leave."""
