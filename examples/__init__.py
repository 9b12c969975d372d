"""Three little apps, each bare and protected, and a demo that compares them."""
