"""`mall drill`: harm done to a mall of its own while people buy, and the proof afterwards that nothing was lost, doubled or oversold."""
