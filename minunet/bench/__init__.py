"""`python -m minunet.bench`: speed and memory of a training step beside PyTorch's, on this machine, in one run."""
