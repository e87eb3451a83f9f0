// Adam for many arrays at once: Kingma and Ba (2015), algorithm 1, in the form that `minunet.optim.Adam` explains.
//
//     m = beta1 * m + (1 - beta1) * gradient        v = beta2 * v + (1 - beta2) * gradient**2
//     parameter = parameter - lr * m / (sqrt(v) + eps)
//
// Each array is cut into pieces of PIECE numbers, a block takes one piece, and `first_block` says where an array begins.
#define ARRAYS 64
#define PIECE 1024

struct Arrays {
    float *parameter[ARRAYS], *m[ARRAYS], *v[ARRAYS];
    const float *gradient[ARRAYS];
    int size[ARRAYS], first_block[ARRAYS];
    int count, unused;
};

// rest1 and rest2 are 1 - beta1 and 1 - beta2, taken in float64: 1 - 0.999f is wrong in the fifth digit.
extern "C" __global__ void adam(Arrays arrays, float lr, float beta1, float rest1, float beta2, float rest2,
                                float eps) {
    int which = 0;
    while (which + 1 < arrays.count && (int)blockIdx.x >= arrays.first_block[which + 1]) which++;
    int start = ((int)blockIdx.x - arrays.first_block[which]) * PIECE;
    int stop = min(start + PIECE, arrays.size[which]);
    for (int i = start + threadIdx.x; i < stop; i += blockDim.x) {
        float gradient = arrays.gradient[which][i];
        float m = beta1 * arrays.m[which][i] + rest1 * gradient;
        float v = beta2 * arrays.v[which][i] + rest2 * gradient * gradient;
        arrays.m[which][i] = m;
        arrays.v[which][i] = v;
        arrays.parameter[which][i] -= lr * m / (sqrtf(v) + eps);
    }
}
