"""`mall import FILE`: a catalogue from a Shopify CSV export or from our own JSON, all of it or nothing."""
