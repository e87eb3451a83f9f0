"""`python -m minunet.bench`: the speed and the memory of a training step beside PyTorch's, on this machine, in one run."""
