"""Checking gradients: are the numbers that a backward pass returns the derivatives of the forward pass?

`minunet.gradcheck.check` answers for one layer, `minunet.gradcheck.cases` holds a case for each, and
`python -m minunet.gradcheck` prints the table.
"""
