"""What the inspector's phone is given: the application, and the words that it shows."""
