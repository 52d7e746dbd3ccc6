"""Deadline and progress tracking for target-responsibility programmes (目标责任书)."""

__version__ = "0.1.0"
