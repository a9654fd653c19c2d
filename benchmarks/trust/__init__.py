"""What a store loses: peers under the same faults, and what durability costs."""
