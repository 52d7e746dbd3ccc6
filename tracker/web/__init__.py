"""Pages and a small REST interface: rendered by the server, forms that work without script."""
