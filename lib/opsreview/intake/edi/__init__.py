"""X12 and EDIFACT to rows of our tables and a log of what was said: envelope → documents → rows."""
