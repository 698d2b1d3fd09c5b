"""Who may do what: keys of programs, webhooks of vendors, users of the web app."""
