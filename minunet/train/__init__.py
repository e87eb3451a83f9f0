"""`python -m minunet.train` and what it is made of: experiments, the loop, scores."""
