"""Documents in: programmes from YAML, people and facts from sheets, and the published schemas."""
