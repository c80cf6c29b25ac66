"""What is computed from finished results: curve fits, costs, the paper's tables, replays."""
