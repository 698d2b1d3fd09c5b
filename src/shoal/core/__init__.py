"""Words that every room uses: time, ids, errors, settings. Pure; imports nothing of ours."""
