"""Quick ways to the results of `minunet.layers` on a GPU: CUDA kernels in .cu files, and products by cuBLAS.

`minunet.fast` hands CuPy arrays to the functions here. They serve float32, and hand other dtypes and unusual kernels to
`layers`. A file of Python for an algorithm, with the name that it has for the CPU where there is one; `kernels` starts
what the .cu files hold, `products` is the way to cuBLAS.
"""
