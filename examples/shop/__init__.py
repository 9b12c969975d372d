"""A Flask shop: catalogue, cart in the session, signup, login, orders."""
