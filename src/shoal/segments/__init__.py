"""Segments: one meaning, several readings that agree."""
