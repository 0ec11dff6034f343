"""What is asked of checkouts: a quote, the purchase, its way back, and the recovery of what a dead process left."""
