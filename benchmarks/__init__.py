"""What the layer costs, beside what its peers cost: `make bench` prints one table."""
