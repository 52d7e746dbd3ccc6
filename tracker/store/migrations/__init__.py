"""Steps from one schema to the next: small, on both databases, and old code still runs after."""
