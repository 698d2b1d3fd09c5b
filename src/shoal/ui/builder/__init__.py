"""The builder: a definition as rows that read as English, each word of which may be changed in its place.

Nothing here knows the kinds of conditions: what can be changed follows from the grammar of sentences, so a new kind is
reachable as soon as it can be written. `openings` gives each kind a first sentence.
"""
