"""The profiles and addresses of people who have an account with auth. Publishes nothing, listens to nothing."""
