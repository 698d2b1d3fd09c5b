"""The only wiring: takes records from room to room. The rooms themselves do not know of each other's turn."""
