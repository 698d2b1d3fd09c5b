"""The parts of the page of sources: health, dead letters, keys and the snippet, webhooks, destinations."""
