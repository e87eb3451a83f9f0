// Transposed convolution with a 2x2 kernel and stride 2, before or after its matrix product.
//
// cols (N*H*W, 4*K) holds for each pixel of x its square of y: upper left, upper right, lower left, lower right.
// A block works in one row of y, blockIdx.x = n * 2*H + i; t counts the 2*W*K numbers of that row.

// y (N, 2*H, 2*W, K) = the squares in their places, plus the bias.
extern "C" __global__ void put_squares(const float *cols, const float *bias, float *y, int width, int kernels) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    if (t >= 2 * width * kernels) return;
    size_t pixel = (size_t)(blockIdx.x / 2) * width + t / (2 * kernels);  // of x, counted through the batch
    float value = cols[pixel * 4 * kernels + blockIdx.x % 2 * 2 * kernels + t % (2 * kernels)];
    if (bias) value += bias[t % kernels];
    y[(size_t)blockIdx.x * 2 * width * kernels + t] = value;
}

// cols = the squares of dy. From one pixel of dy to the next it is `step` numbers, at least K.
extern "C" __global__ void take_squares(const float *dy, float *cols, int width, int kernels, int step) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    if (t >= 2 * width * kernels) return;
    size_t pixel = (size_t)(blockIdx.x / 2) * width + t / (2 * kernels);
    size_t from = ((size_t)blockIdx.x * 2 * width + t / kernels) * step + t % kernels;
    cols[pixel * 4 * kernels + blockIdx.x % 2 * 2 * kernels + t % (2 * kernels)] = dy[from];
}
