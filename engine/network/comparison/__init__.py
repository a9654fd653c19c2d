"""What changed between two versions: pairs that became edges or ceased to be, and the largest changes of ρ."""
