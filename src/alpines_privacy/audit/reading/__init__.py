"""What a page says, read from its bytes: forms, links, loads, texts."""
