"""A FastAPI service: mountain huts with free beds, as JSON, as pages, and live."""
