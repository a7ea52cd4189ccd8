// Copies between arrays: joining, cutting, repeating, picking and unfolding.
#include <algorithm>
#include <cstring>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

template <typename E>
void copy(const E* from, size_t n, E* to) {
  if (n > 0) std::memcpy(to, from, n * sizeof(E));
}

size_t sum_of(const std::vector<size_t>& sizes) {
  size_t total = 0;
  for (auto size : sizes) total += size;
  return total;
}

std::vector<size_t> times(size_t factor, std::vector<size_t> sizes) {
  for (auto& size : sizes) size *= factor;
  return sizes;
}

// join(outer, sizes, xs, y): for each of `outer`, block k of xs[k] behind block k − 1
template <typename E>
void Join(Args& args) {
  const size_t outer = args.size();
  const auto sizes = args.sizes();
  const size_t total = sum_of(sizes);
  const auto xs = args.buffers<E>(times(outer, sizes));
  E* y = args.elements<E>(outer * total);
  for (size_t k = 0; k < sizes.size(); k++) {
    if (xs[k] == nullptr && outer * sizes[k] > 0) throw std::length_error("an array to join is missing");
  }
  parallel(outer, outer * total, [&](size_t o) {
    E* to = y + o * total;
    for (size_t k = 0; k < sizes.size(); k++) {
      copy<E>(xs[k] + o * sizes[k], sizes[k], to);
      to += sizes[k];
    }
  });
}

// cut(outer, sizes, y, xs): the inverse; entries of xs may be undefined
template <typename E>
void Cut(Args& args) {
  const size_t outer = args.size();
  const auto sizes = args.sizes();
  const size_t total = sum_of(sizes);
  const E* y = args.elements<E>(outer * total);
  const auto xs = args.buffers<E>(times(outer, sizes));
  parallel(outer, outer * total, [&](size_t o) {
    const E* from = y + o * total;
    for (size_t k = 0; k < sizes.size(); k++) {
      if (xs[k] != nullptr) copy(from, sizes[k], xs[k] + o * sizes[k]);
      from += sizes[k];
    }
  });
}

// crop(shape, offset, size, isBackward, from, to): the box out of the whole, or back into zeros
void Crop(Args& args) {
  const auto shape = args.sizes(), offset = args.sizes(), size = args.sizes();
  const bool is_backward = args.flag();
  const size_t axes = shape.size();
  if (axes == 0 || offset.size() != axes || size.size() != axes) throw std::length_error("a box of other axes");
  size_t part = 1, whole = 1;
  for (size_t a = 0; a < axes; a++) {
    if (offset[a] + size[a] > shape[a]) throw std::out_of_range("a box that reaches beyond the array");
    part *= size[a];
    whole *= shape[a];
  }
  const float* from = args.floats(is_backward ? part : whole);
  float* to = args.floats(is_backward ? whole : part);
  const size_t last = axes - 1, length = size[last], rows = length == 0 ? 0 : part / length;
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

// permute(shape, order, x, y): axis a of y is axis order[a] of x
void Permute(Args& args) {
  const auto shape = args.sizes(), order = args.sizes();
  const size_t axes = shape.size();
  if (axes == 0 || order.size() != axes) throw std::length_error("an order of other axes");
  std::vector<size_t> steps(axes), sizes(axes), strides(axes);
  size_t total = 1;
  for (size_t a = axes; a-- > 0;) {
    steps[a] = total;
    total *= shape[a];
  }
  std::vector<bool> seen(axes);
  for (size_t a = 0; a < axes; a++) {
    if (order[a] >= axes || seen[order[a]]) throw std::out_of_range("an order that names an axis twice");
    seen[order[a]] = true;
    sizes[a] = shape[order[a]];
    strides[a] = steps[order[a]];
  }
  const float* x = args.floats(total);
  float* y = args.floats(total);
  const size_t length = sizes[axes - 1], stride = strides[axes - 1], rows = length == 0 ? 0 : total / length;
  parallel(rows, total, [&](size_t row) {
    size_t at = 0, rest = row;
    for (size_t a = axes - 1; a-- > 0;) {
      at += rest % sizes[a] * strides[a];
      rest /= sizes[a];
    }
    const float* from = x + at;
    float* to = y + row * length;
    if (stride == 1) copy(from, length, to);
    else
      for (size_t i = 0; i < length; i++) to[i] = from[i * stride];
  });
}

// tile(outer, tiles, inner, x, y)
void Tile(Args& args) {
  const size_t outer = args.size(), tiles = args.size(), inner = args.size();
  const float* x = args.floats(outer * inner);
  float* y = args.floats(outer * tiles * inner);
  parallel(outer, outer * tiles * inner, [&](size_t o) {
    for (size_t t = 0; t < tiles; t++) copy(x + o * inner, inner, y + (o * tiles + t) * inner);
  });
}

// tileBackward(outer, tiles, inner, dy, dx): dx is the sum of the copies
void TileBackward(Args& args) {
  const size_t outer = args.size(), tiles = args.size(), inner = args.size();
  const float* dy = args.floats(outer * tiles * inner);
  float* dx = args.floats(outer * inner);
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

// Where the row of that number begins, which is one of `rows`.
size_t row_at(float index, size_t rows, size_t size) {
  if (!(index >= 0 && index < static_cast<float>(rows))) throw std::out_of_range("the number of a row that is not there");
  return static_cast<size_t>(index) * size;
}

// gather(rows, picks, size, x, index, y): y(i) = x(index(i)) row by row
void Gather(Args& args) {
  const size_t rows = args.size(), picks = args.size(), size = args.size();
  const float *x = args.floats(rows * size), *index = args.floats(picks);
  float* y = args.floats(picks * size);
  parallel(picks, picks * size, [&](size_t i) { copy(x + row_at(index[i], rows, size), size, y + i * size); });
}

// scatterAdd(rows, picks, size, dy, index, dx): dx(index(i)) += dy(i); in order, for rows may meet
void ScatterAdd(Args& args) {
  const size_t rows = args.size(), picks = args.size(), size = args.size();
  const float *dy = args.floats(picks * size), *index = args.floats(picks);
  float* dx = args.floats(rows * size);
  for (size_t i = 0; i < picks; i++) {
    float* to = dx + row_at(index[i], rows, size);
    const float* from = dy + i * size;
#pragma omp simd
    for (size_t k = 0; k < size; k++) to[k] += from[k];
  }
}

// Where the plane of that number begins in an array of channels in blocks: its elements are `block` apart.
size_t plane_at(const View& v, float index) {
  const size_t plane = row_at(index, v.n * v.c, 1), n = plane / v.c, c = plane % v.c;
  return (n * v.blocks() + c / v.block) * v.row_size() + c % v.block;
}

// gatherPlanes(n, c, s, block, x, index, y): y's planes are those of x of these numbers
void GatherPlanes(Args& args) {
  const View v(args);
  const float *x = args.floats(v.stored()), *index = args.floats(v.n * v.c);
  float* y = args.floats(v.stored());
  const size_t block = v.block, s = v.s, blocks = v.blocks();
  parallel(v.rows(), v.stored(), [&](size_t row) {
    const size_t channel = row % blocks * block, lanes = std::min(block, v.c - channel);
    float* to = y + row * v.row_size();
    if (lanes < block) std::fill_n(to, v.row_size(), 0.0f);
    for (size_t lane = 0; lane < lanes; lane++) {
      const float* from = x + plane_at(v, index[row / blocks * v.c + channel + lane]);
      for (size_t i = 0; i < s; i++) to[i * block + lane] = from[i * block];
    }
  });
}

// scatterPlanes(n, c, s, block, dy, index, dx): dx's planes of these numbers have dy's added; in order, for they may meet
void ScatterPlanes(Args& args) {
  const View v(args);
  const float *dy = args.floats(v.stored()), *index = args.floats(v.n * v.c);
  float* dx = args.floats(v.stored());
  const size_t block = v.block, s = v.s;
  for (size_t plane = 0; plane < v.n * v.c; plane++) {
    const float* from = dy + plane_at(v, static_cast<float>(plane));
    float* to = dx + plane_at(v, index[plane]);
    for (size_t i = 0; i < s; i++) to[i * block] += from[i * block];
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
    for (const auto* one : {&output, &kernel, &stride, &pad, &dilation}) {
      if (one->size() != input.size()) throw std::length_error("a window of other axes");
    }
    for (size_t a = 0; a < input.size(); a++) {
      positions *= output[a];
      elements *= kernel[a];
      area *= input[a];
    }
  }

  size_t image() const { return planes * area; }
  size_t columns() const { return planes * elements * positions; }

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
void Im2col(Args& args) {
  const Windows w(args);
  const float* x = args.floats(w.image());
  float* y = args.floats(w.columns());
  parallel(w.planes * w.elements, w.columns(), [&](size_t row) {
    const float* plane = x + row / w.elements * w.area;
    float* to = y + row * w.positions;
    std::fill_n(to, w.positions, 0.0f);
    w.visit(row % w.elements, [&](size_t p, size_t offset) { to[p] = plane[offset]; });
  });
}

// col2im(…, dy, dx): dx is the sum of what was unfolded from each element
void Col2im(Args& args) {
  const Windows w(args);
  const float* dy = args.floats(w.columns());
  float* dx = args.floats(w.image());
  parallel(w.planes, w.columns(), [&](size_t plane) {
    float* to = dx + plane * w.area;
    std::fill_n(to, w.area, 0.0f);
    for (size_t e = 0; e < w.elements; e++) {
      const float* from = dy + (plane * w.elements + e) * w.positions;
      w.visit(e, [&](size_t p, size_t offset) { to[offset] += from[p]; });
    }
  });
}

// One line of an image: of every square its kSide numbers, each square's behind `lanes` others. What lies outside is 0.
template <size_t kSide, typename E>
void line_to_squares(const float* line, size_t width, size_t left, size_t squares, size_t side, size_t lanes, E* to) {
  const size_t length = kSide > 0 ? kSide : side;
  for (size_t j = 0; j < squares; j++, to += lanes) {
    const size_t at = j * length;
    if (line != nullptr && at >= left && at - left + length <= width) {
      const float* from = line + (at - left);
      for (size_t q = 0; q < length; q++) to[q] = from[q];
      continue;
    }
    for (size_t q = 0; q < length; q++) {
      const bool is_inside = line != nullptr && at + q >= left && at + q - left < width;
      to[q] = is_inside ? line[at + q - left] : 0.0f;
    }
  }
}

// squares(images, channels, height, width, side, top, left, rows, columns, lanes, x, y): the elements of each square of the planes, which
// begin so far above and left of them, as channels of one place, in blocks: y(n, c·side² + side·p + q, i, j) = x(n, c, side·i + p − top,
// side·j + q − left)
template <typename E>
void Squares(Args& args) {
  const size_t images = args.size(), channels = args.size(), height = args.size(), width = args.size(), side = args.size();
  const size_t top = args.size(), left = args.size(), rows = args.size(), columns = args.size(), lanes = args.size();
  if (side == 0 || lanes == 0 || lanes % side != 0 || side * side % lanes != 0) throw std::out_of_range("squares that fill no blocks");
  const size_t planes = images * channels, vectors = side * side / lanes, place = rows * columns * lanes;
  const float* x = args.floats(planes * height * width);
  E* y = args.elements<E>(planes * vectors * place);
  parallel(planes * rows, planes * vectors * place, [&](size_t r) {
    const size_t plane = r / rows, i = r % rows;
    for (size_t p = 0; p < side; p++) {
      const size_t at = i * side + p;
      const float* line = at >= top && at - top < height ? x + (plane * height + at - top) * width : nullptr;
      E* to = y + (plane * vectors + p * side / lanes) * place + i * columns * lanes + p * side % lanes;
      if (side == 4) line_to_squares<4>(line, width, left, columns, side, lanes, to);
      else line_to_squares<0>(line, width, left, columns, side, lanes, to);
    }
  });
}

}  // namespace

void InitCopies(Napi::Object exports) {
  define<Join<float>, Join<Bf16>>(exports, "join");
  define<Cut<float>, Cut<Bf16>>(exports, "cut");
  define<Crop>(exports, "crop");
  define<Permute>(exports, "permute");
  define<Tile>(exports, "tile");
  define<TileBackward>(exports, "tileBackward");
  define<Gather>(exports, "gather");
  define<ScatterAdd>(exports, "scatterAdd");
  define<GatherPlanes>(exports, "gatherPlanes");
  define<ScatterPlanes>(exports, "scatterPlanes");
  define<Im2col>(exports, "im2col");
  define<Col2im>(exports, "col2im");
  define<Squares<float>, Squares<Bf16>>(exports, "squares");
}

}  // namespace caffe
