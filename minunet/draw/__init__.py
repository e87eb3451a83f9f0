"""Pictures for people: curves, answers beside the truth, the animation of a run."""
