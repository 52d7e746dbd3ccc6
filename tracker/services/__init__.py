"""Use cases: one function, one transaction. A service receives the session and never commits."""
