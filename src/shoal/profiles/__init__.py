"""Who is who: identity keys become subscribers; traits and consent with their history."""
