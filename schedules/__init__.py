"""Reckoning with time: clocks, working days, deadlines, periods and reminder ladders.

Instants are aware and in UTC; calendar days are days of a named zone; spans are half-open.
Nothing here knows programmes, units or messages.
"""
