"""Channels: a ready message goes in, proof of acceptance or a typed failure comes out."""
