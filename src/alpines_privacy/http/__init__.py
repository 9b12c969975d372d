"""What several promises need of HTTP, without I/O: heads, cookies, sites, clients, the context."""
