"""The profiles of people who have an account with auth: name, phone, locale. Publishes nothing, listens to nothing."""
