"""The catalogue, its search, the stock of every product, and the holds on it. Publishes and listens to nothing yet."""
