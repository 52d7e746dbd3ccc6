"""Values to files: typed sheets to xlsx and csv, values to JSON."""
