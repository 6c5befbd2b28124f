"""Files as they are dropped, to typed tables whose rows all add up."""
