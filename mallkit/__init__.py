"""The kit every service stands on: flat, small, knows no shop rule and no service."""
