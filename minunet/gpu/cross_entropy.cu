// Softmax with cross-entropy, forward and backward at once: one thread a pixel, one pass over the logits.
//
// loss (P,) = share * (log(sum over l of exp(logits[l])) - logits[label])       share = weight / total
// dlogits (P, K) = share * (exp(logits) / sum - onehot(label))
extern "C" __global__ void softmax_cross_entropy(const float *logits, const int *labels, const double *weights,
                                                 const double *total, float *loss, float *dlogits, int pixels,
                                                 int classes) {
    int pixel = blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel >= pixels) return;
    const float *row = logits + (size_t)pixel * classes;
    float *out = dlogits + (size_t)pixel * classes;
    float largest = row[0], sum = 0;
    for (int k = 1; k < classes; k++)
        if (row[k] > largest || row[k] != row[k]) largest = row[k];  // a NaN is passed on, so that it is seen
    for (int k = 0; k < classes; k++) {
        out[k] = expf(row[k] - largest);  // no exp can overflow: the exponent is at most 0
        sum += out[k];
    }
    float share = *total == 0 ? 0 : (float)(weights[pixel] / *total);
    int label = labels[pixel];
    if (label < 0 || label >= classes) label = 0, share = share == 0 ? 0 : nanf("");
    loss[pixel] = share * (logf(sum) - (row[label] - largest));
    for (int k = 0; k < classes; k++) out[k] = share * (out[k] / sum - (k == label));
}
