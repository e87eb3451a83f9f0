// Max-pooling 2x2 with stride 2, forward and backward, each in one pass over memory.

__device__ static bool leads(float candidate, float best) {
    return candidate > best || (candidate != candidate && best == best);  // a number, or the first NaN
}

// y (N, H/2, W/2, C) = the largest of each square of x (N, H, W, C). blockIdx.x is a row of y; t counts its numbers.
extern "C" __global__ void max_pool(const float *x, float *y, int height, int width, int channels) {
    int t = blockIdx.y * blockDim.x + threadIdx.x, out_height = height / 2, out_width = width / 2;
    if (t >= out_width * channels) return;
    int n = blockIdx.x / out_height, i = blockIdx.x % out_height, j = t / channels, c = t % channels;
    const float *corner = x + (((size_t)n * height + 2 * i) * width + 2 * j) * channels + c;
    float best = corner[0];
    for (int place = 1; place < 4; place++) {
        float candidate = corner[((size_t)(place / 2) * width + place % 2) * channels];
        if (leads(candidate, best)) best = candidate;
    }
    y[(size_t)blockIdx.x * out_width * channels + t] = best;
}

// dx (N, H, W, C): each dy goes to the first pixel of its square that has the largest value, and the others get 0, as do
// odd last rows and columns. blockIdx.x is a row of squares, counting those that are cut off; t counts its numbers.
extern "C" __global__ void max_pool_backward(const float *x, const float *dy, float *dx, int height, int width,
                                             int channels) {
    int t = blockIdx.y * blockDim.x + threadIdx.x, out_height = height / 2, out_width = width / 2;
    int rows = (height + 1) / 2;
    if (t >= (width + 1) / 2 * channels) return;
    int n = blockIdx.x / rows, i = blockIdx.x % rows, j = t / channels, c = t % channels;
    size_t corner = (((size_t)n * height + 2 * i) * width + 2 * j) * channels + c;
    bool whole = i < out_height && j < out_width;
    int winner = 0;
    if (whole) {
        float best = x[corner];
        for (int place = 1; place < 4; place++) {
            float candidate = x[corner + ((size_t)(place / 2) * width + place % 2) * channels];
            if (leads(candidate, best)) best = candidate, winner = place;
        }
    }
    for (int place = 0; place < 4; place++) {
        if (2 * i + place / 2 >= height || 2 * j + place % 2 >= width) continue;
        size_t square = (((size_t)n * out_height + i) * out_width + j) * channels + c;
        dx[corner + ((size_t)(place / 2) * width + place % 2) * channels] = whole && place == winner ? dy[square] : 0;
    }
}
