"""The audit: asks every service for its raw rows and reckons out whether anything was lost, doubled or oversold."""
