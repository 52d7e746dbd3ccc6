"""What a perfect reader answers, written by hand before any reader saw the sentences."""
