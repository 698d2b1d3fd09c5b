"""Where changes and members go: other servers and folders, what they were told, and what they are to be told."""
