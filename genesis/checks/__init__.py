"""What judges a dialogue: rules, mutation of good dialogues, and people."""
