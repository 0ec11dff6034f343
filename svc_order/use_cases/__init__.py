"""What is asked of orders: an aggregate and a rule each, and what is done for them elsewhere."""
