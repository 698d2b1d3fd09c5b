"""Segments: definitions as sentences, JSON and YAML, and the readings that say who is a member.

A definition is a tree of nodes (`nodes.Node`), each of a kind listed in `kinds.KINDS`. `oracle` reads
it for one subscriber at a time, `sql` for all at once; both give the same members.
"""
