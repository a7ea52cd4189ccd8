// Copies between arrays: joining, cutting, repeating, picking and unfolding.
#include <cstring>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

void copy(const float* from, size_t n, float* to) { std::memcpy(to, from, n * sizeof(float)); }

// join(outer, sizes, xs, y): for each of `outer`, block k of xs[k] behind block k − 1
void Join(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size();
  const auto sizes = args.sizes();
  const auto xs = args.buffers();
  float* y = args.floats();
  size_t total = 0;
  for (auto size : sizes) total += size;
  parallel(outer, outer * total, [&](size_t o) {
    float* to = y + o * total;
    for (size_t k = 0; k < sizes.size(); k++) {
      copy(xs[k] + o * sizes[k], sizes[k], to);
      to += sizes[k];
    }
  });
}

// cut(outer, sizes, y, xs): the inverse; entries of xs may be undefined
void Cut(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size();
  const auto sizes = args.sizes();
  const float* y = args.floats();
  const auto xs = args.buffers();
  size_t total = 0;
  for (auto size : sizes) total += size;
  parallel(outer, outer * total, [&](size_t o) {
    const float* from = y + o * total;
    for (size_t k = 0; k < sizes.size(); k++) {
      if (xs[k] != nullptr) copy(from, sizes[k], xs[k] + o * sizes[k]);
      from += sizes[k];
    }
  });
}

// crop(shape, offset, size, isBackward, from, to): the box out of the whole, or back into zeros
void Crop(const Napi::CallbackInfo& info) {
  Args args(info);
  const auto shape = args.sizes(), offset = args.sizes(), size = args.sizes();
  const bool is_backward = args.flag();
  const float* from = args.floats();
  float* to = args.floats();
  const size_t last = size.size() - 1, length = size[last];
  size_t rows = 1, whole = shape[last];
  for (size_t a = 0; a < last; a++) {
    rows *= size[a];
    whole *= shape[a];
  }
  if (is_backward) std::memset(to, 0, whole * sizeof(float));
  parallel(rows, rows * length, [&](size_t row) {
    size_t at = offset[last], step = shape[last], rest = row;
    for (size_t a = last; a-- > 0;) {
      at += (rest % size[a] + offset[a]) * step;
      step *= shape[a];
      rest /= size[a];
    }
    if (is_backward) copy(from + row * length, length, to + at);
    else copy(from + at, length, to + row * length);
  });
}

// tile(outer, tiles, inner, x, y)
void Tile(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), tiles = args.size(), inner = args.size();
  const float* x = args.floats();
  float* y = args.floats();
  parallel(outer, outer * tiles * inner, [&](size_t o) {
    for (size_t t = 0; t < tiles; t++) copy(x + o * inner, inner, y + (o * tiles + t) * inner);
  });
}

// tileBackward(outer, tiles, inner, dy, dx): dx is the sum of the copies
void TileBackward(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t outer = args.size(), tiles = args.size(), inner = args.size();
  const float* dy = args.floats();
  float* dx = args.floats();
  parallel(outer, outer * tiles * inner, [&](size_t o) {
    float* to = dx + o * inner;
    std::fill_n(to, inner, 0.0f);
    for (size_t t = 0; t < tiles; t++) {
      const float* from = dy + (o * tiles + t) * inner;
#pragma omp simd
      for (size_t i = 0; i < inner; i++) to[i] += from[i];
    }
  });
}

// gather(picks, size, x, index, y): y(i) = x(index(i)) row by row
void Gather(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t picks = args.size(), size = args.size();
  const float *x = args.floats(), *index = args.floats();
  float* y = args.floats();
  parallel(picks, picks * size,
           [&](size_t i) { copy(x + static_cast<size_t>(index[i]) * size, size, y + i * size); });
}

// scatterAdd(picks, size, dy, index, dx): dx(index(i)) += dy(i); in order, for rows may meet
void ScatterAdd(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t picks = args.size(), size = args.size();
  const float *dy = args.floats(), *index = args.floats();
  float* dx = args.floats();
  for (size_t i = 0; i < picks; i++) {
    float* to = dx + static_cast<size_t>(index[i]) * size;
    const float* from = dy + i * size;
#pragma omp simd
    for (size_t k = 0; k < size; k++) to[k] += from[k];
  }
}

// The windows of a convolution, over any number of axes.
struct Windows {
  size_t planes;
  std::vector<size_t> input, output, kernel, stride, pad, dilation;
  size_t positions = 1, elements = 1, area = 1;

  explicit Windows(Args& args)
      : planes(args.size()),
        input(args.sizes()),
        output(args.sizes()),
        kernel(args.sizes()),
        stride(args.sizes()),
        pad(args.sizes()),
        dilation(args.sizes()) {
    for (size_t a = 0; a < input.size(); a++) {
      positions *= output[a];
      elements *= kernel[a];
      area *= input[a];
    }
  }

  // Calls visit(position, offset in the plane) for every position whose element e lies within the image.
  template <typename Visit>
  void visit(size_t e, Visit visit) const {
    const size_t axes = input.size();
    std::vector<size_t> at(axes, 0), tap(axes);
    for (size_t a = axes, rest = e; a-- > 0; rest /= kernel[a]) tap[a] = rest % kernel[a] * dilation[a];
    for (size_t p = 0; p < positions; p++) {
      size_t offset = 0;
      bool inside = true;
      for (size_t a = 0; a < axes && inside; a++) {
        const size_t x = at[a] * stride[a] + tap[a];
        inside = x >= pad[a] && x - pad[a] < input[a];
        offset = offset * input[a] + (x - pad[a]);
      }
      if (inside) visit(p, offset);
      for (size_t a = axes; a-- > 0;) {
        if (++at[a] < output[a]) break;
        at[a] = 0;
      }
    }
  }
};

// im2col(planes, input, output, kernel, stride, pad, dilation, x, y)
void Im2col(const Napi::CallbackInfo& info) {
  Args args(info);
  const Windows w(args);
  const float* x = args.floats();
  float* y = args.floats();
  parallel(w.planes * w.elements, w.planes * w.elements * w.positions, [&](size_t row) {
    const float* plane = x + row / w.elements * w.area;
    float* to = y + row * w.positions;
    std::fill_n(to, w.positions, 0.0f);
    w.visit(row % w.elements, [&](size_t p, size_t offset) { to[p] = plane[offset]; });
  });
}

// col2im(…, dy, dx): dx is the sum of what was unfolded from each element
void Col2im(const Napi::CallbackInfo& info) {
  Args args(info);
  const Windows w(args);
  const float* dy = args.floats();
  float* dx = args.floats();
  parallel(w.planes, w.planes * w.elements * w.positions, [&](size_t plane) {
    float* to = dx + plane * w.area;
    std::fill_n(to, w.area, 0.0f);
    for (size_t e = 0; e < w.elements; e++) {
      const float* from = dy + (plane * w.elements + e) * w.positions;
      w.visit(e, [&](size_t p, size_t offset) { to[offset] += from[p]; });
    }
  });
}

}  // namespace

void InitCopies(Napi::Env env, Napi::Object exports) {
  exports.Set("join", Napi::Function::New(env, Join));
  exports.Set("cut", Napi::Function::New(env, Cut));
  exports.Set("crop", Napi::Function::New(env, Crop));
  exports.Set("tile", Napi::Function::New(env, Tile));
  exports.Set("tileBackward", Napi::Function::New(env, TileBackward));
  exports.Set("gather", Napi::Function::New(env, Gather));
  exports.Set("scatterAdd", Napi::Function::New(env, ScatterAdd));
  exports.Set("im2col", Napi::Function::New(env, Im2col));
  exports.Set("col2im", Napi::Function::New(env, Col2im));
}

}  // namespace caffe
