"""What comes back: bounces in mailboxes, and the people whom they concern."""
