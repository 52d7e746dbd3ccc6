"""From an office's document to a draft programme; from the next issue to what it changes."""

from tracker.definitions.drafting.drafts import draft

__all__ = ["draft"]
