"""What is asked of people: their profiles and addresses, who they are, what is kept about them, and that it is forgotten."""
