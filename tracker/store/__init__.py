"""Rows in and out: tables, transactions, migrations. Tables never leave `tracker.services`."""
