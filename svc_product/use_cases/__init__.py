"""What can be wished of the product service, one function each."""
