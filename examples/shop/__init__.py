"""A Flask shop: catalogue, cart in the session, login, orders."""
