"""Who may do what: keys of programs."""
