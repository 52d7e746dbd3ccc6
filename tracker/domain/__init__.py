"""The pure core: programmes, facts, obligations, scores, reminders. No I/O, no clock, no ORM."""
