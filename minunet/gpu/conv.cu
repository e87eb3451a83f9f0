// What surrounds the matrix products of a convolution. Images are (N, H, W, C), channels last.
//
// A thread makes one number. A block works in one row of pixels, blockIdx.x; along the row the numbers of all pixels and
// channels lie side by side, and t counts them, so that neighbouring threads read and write neighbouring addresses.

// y = x + bias, or max(x + bias, 0) if `relu`, for the upper left part of each image of x, which is larger:
// x (N, rows_x, .., C) -> y (N, rows_y, .., C); a row of x has width_x numbers, one of y has width_y.
extern "C" __global__ void add_bias(const float *x, const float *bias, float *y, int rows_x, int width_x, int rows_y,
                                    int width_y, int channels, int relu) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    if (t >= width_y) return;
    int n = blockIdx.x / rows_y, i = blockIdx.x % rows_y;
    float value = x[((size_t)n * rows_x + i) * width_x + t];
    if (bias) value += bias[t % channels];
    if (relu && value < 0) value = 0;  // NaN is not less than 0, and stays
    y[(size_t)blockIdx.x * width_y + t] = value;
}

// framed (N, rows_framed, .., C) = zeros around x (N, rows, .., C), whose first pixel comes to row `top` and to number
// `left` of that row. With y, of the shape of x, only what y > 0 lets pass: the way back through a ReLU.
extern "C" __global__ void frame(const float *x, const float *y, float *framed, int rows, int width, int rows_framed,
                                 int width_framed, int top, int left) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    if (t >= width_framed) return;
    int n = blockIdx.x / rows_framed, i = (int)(blockIdx.x % rows_framed) - top, j = t - left;
    float value = 0;
    if (i >= 0 && i < rows && j >= 0 && j < width) {
        size_t place = ((size_t)n * rows + i) * width + j;
        value = y ? x[place] * (y[place] > 0) : x[place];
    }
    framed[(size_t)blockIdx.x * width_framed + t] = value;
}

// cols (N, OH, OW, KH*KW*C) = every window of x (N, H, W, C), zeros outside the image. A row is (n, i): OW windows.
extern "C" __global__ void im2col(const float *x, float *cols, int height, int width, int channels, int out_height,
                                  int out_width, int kernel_height, int kernel_width, int stride_height,
                                  int stride_width, int padding_height, int padding_width) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    int window = kernel_height * kernel_width * channels;
    if (t >= out_width * window) return;
    int n = blockIdx.x / out_height, i = blockIdx.x % out_height, j = t / window;
    int place = t % window / channels, c = t % channels;
    int row = i * stride_height + place / kernel_width - padding_height;
    int column = j * stride_width + place % kernel_width - padding_width;
    bool inside = row >= 0 && row < height && column >= 0 && column < width;
    cols[(size_t)blockIdx.x * out_width * window + t] =
        inside ? x[(((size_t)n * height + row) * width + column) * channels + c] : 0;
}

// The transpose of im2col: x (N, H, W, C), each pixel the sum of its copies in cols. It looks for the windows that hold
// the pixel, always in the same order, instead of adding from several threads at once: the same bits in every run.
extern "C" __global__ void col2im(const float *cols, float *x, int height, int width, int channels, int out_height,
                                  int out_width, int kernel_height, int kernel_width, int stride_height,
                                  int stride_width, int padding_height, int padding_width) {
    int t = blockIdx.y * blockDim.x + threadIdx.x;
    if (t >= width * channels) return;
    int n = blockIdx.x / height, row = blockIdx.x % height, column = t / channels, c = t % channels;
    float sum = 0;
    for (int a = 0; a < kernel_height; a++) {
        int down = row + padding_height - a, i = down / stride_height;
        if (down < 0 || down % stride_height || i >= out_height) continue;
        for (int b = 0; b < kernel_width; b++) {
            int right = column + padding_width - b, j = right / stride_width;
            if (right < 0 || right % stride_width || j >= out_width) continue;
            size_t window = ((size_t)n * out_height + i) * out_width + j;
            sum += cols[((window * kernel_height + a) * kernel_width + b) * channels + c];
        }
    }
    x[(size_t)blockIdx.x * width * channels + t] = sum;
}

// sums (parts, C): what each of `parts` stretches of the rows of x (rows, C) adds up to; blockIdx.x is the stretch.
extern "C" __global__ void sum_rows(const float *x, float *sums, int rows, int stretch, int channels) {
    int k = blockIdx.y * blockDim.x + threadIdx.x;
    if (k >= channels) return;
    int first = blockIdx.x * stretch, last = min(first + stretch, rows);
    float sum = 0;
    for (int row = first; row < last; row++) sum += x[(size_t)row * channels + k];
    sums[(size_t)blockIdx.x * channels + k] = sum;
}
