"""What reaches a tracker when a real browser shows a page: judged by the requests that arrive."""
