"""From an office's document to a draft programme; from the next issue to what it changes."""

from tracker.definitions.drafting.drafts import Drafted, draft, drafted, slug_of

__all__ = ["Drafted", "draft", "drafted", "slug_of"]
