"""What lists, reads, search and the purchase cost in a mall of a thousand and in one of a million, side by side."""
