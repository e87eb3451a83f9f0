"""Pictures for people: curves, predictions beside the truth, the animation of a run."""
