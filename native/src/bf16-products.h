// A product of bfloat16 for who uses it up in cache, a few rows and columns at a time.
#pragma once

#include <cstddef>

#include "elements.h"

namespace caffe {

// y = aᵀ·b, `height` rows that are `step` floats apart: of a, `pairs` pairs of samples lie one behind the other for each row; b is as pairRows makes
// it, its rows `b_step` elements apart. For processors of which multiplies_bf16() is true.
void product_of_pairs(size_t height, size_t pairs, size_t columns, const Bf16* a, const Bf16* b, size_t b_step, float* y, size_t step);

}  // namespace caffe
