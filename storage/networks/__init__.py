"""The numbers of a store: bases, anchors and what is computed from them."""
