/* Causal attention row by row, over blocks of keys, with a running maximum and sum: no score is kept longer than a block.
 *
 * All arrays are contiguous float32 [heads, length, width]. Returns 0, or 1 where there is no memory.
 */
#include <math.h>
#include <stdlib.h>

#define KEYS 64 /* keys at a time */

static void row(const float *q, const float *k, const float *v, float *out, int keys, int width, float scale, float *sum)
{
    float scores[KEYS], largest = -1e30f, total = 0.0f;

    for (int d = 0; d < width; d++)
        sum[d] = 0.0f;
    for (int begin = 0; begin < keys; begin += KEYS) {
        const int count = keys - begin < KEYS ? keys - begin : KEYS;
        float high = largest;

        for (int j = 0; j < count; j++) {
            const float *key = k + (size_t)(begin + j) * width;
            float dot = 0.0f;
            for (int d = 0; d < width; d++)
                dot += q[d] * key[d];
            scores[j] = dot * scale;
            high = scores[j] > high ? scores[j] : high;
        }
        /* What was summed up so far was weighed against a smaller maximum. */
        const float shrink = expf(largest - high);
        largest = high;
        total *= shrink;
        for (int d = 0; d < width; d++)
            sum[d] *= shrink;
        for (int j = 0; j < count; j++) {
            scores[j] = expf(scores[j] - high);
            total += scores[j];
        }
        for (int j = 0; j < count; j++) {
            const float *value = v + (size_t)(begin + j) * width;
            for (int d = 0; d < width; d++)
                sum[d] += scores[j] * value[d];
        }
    }
    for (int d = 0; d < width; d++)
        out[d] = sum[d] / total;
}

int attention(const float *q, const float *k, const float *v, float *out, int heads, int length, int width)
{
    const float scale = 1.0f / sqrtf((float)width);
    float *sum = malloc(sizeof(float) * (size_t)width);

    if (sum == NULL)
        return 1;
    for (int head = 0; head < heads; head++) {
        const size_t first = (size_t)head * length * width;
        for (int i = 0; i < length; i++)
            row(q + first + (size_t)i * width, k + first, v + first, out + first + (size_t)i * width, i + 1, width, scale,
                sum);
    }
    free(sum);
    return 0;
}
