"""The stores that `peers.py` compares, the model they all keep, and the four tests."""
