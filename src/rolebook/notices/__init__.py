"""Who is told what: from audit events to notices, with which words, over which channel, with retries."""
