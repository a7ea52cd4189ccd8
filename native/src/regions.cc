// Regions of maps, each cut into a grid of bins: maxima, means and points between pixels.
#include <limits>

#include "lanes.h"
#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

// A row or a column of bins: [from, to) on the map; of points the two neighbours and the share of the second, from −1 where
// there are none.
struct Bin {
  int64_t from, to;
  float share;

  bool holds(int64_t place) const { return place >= from && place < to; }
};

// The maps, and what the table of numbers says of each region, looked at before any of it is used.
class Regions {
 public:
  View in;
  size_t height, width, count, rows, columns;

  Regions(Args& args, bool between)
      : in(args),
        height(args.size()),
        width(args.size()),
        count(args.size()),
        rows(args.size()),
        columns(args.size()),
        images_(count),
        bins_(count * (rows + columns)) {
    if (height * width != in.s) throw std::length_error("a plane of another size");
    const size_t numbers = between ? 3 : 2;
    const float* table = args.floats(count * (1 + numbers * (rows + columns)));
    for (size_t r = 0; r < count; r++) {
      images_[r] = static_cast<size_t>(whole(*table++, 0, in.n));
      for (size_t k = 0; k < rows + columns; k++, table += numbers) {
        const size_t length = k < rows ? height : width;
        Bin& bin = bins_[r * (rows + columns) + k];
        bin.from = whole(table[0], between ? -1 : 0, between ? length : length + 1);
        // Where there is nothing its other numbers do not count.
        const bool is_there = bin.from >= 0;
        bin.to = is_there ? whole(table[1], 0, between ? length : length + 1) : -1;
        bin.share = between && is_there ? table[2] : 0;
      }
    }
  }

  size_t image(size_t r) const { return images_[r]; }
  const Bin& row(size_t r, size_t i) const { return bins_[r * (rows + columns) + i]; }
  const Bin& column(size_t r, size_t j) const { return bins_[r * (rows + columns) + rows + j]; }
  size_t positions() const { return rows * columns; }
  // Elements of a result with so many channels.
  size_t results(size_t channels) const { return count * channels * positions(); }

 private:
  // A whole number from `least` on, below `end`.
  static int64_t whole(float value, int64_t least, size_t end) {
    if (!(value >= static_cast<float>(least) && value < static_cast<float>(end))) {
      throw std::out_of_range("a bin that is not on the map");
    }
    return static_cast<int64_t>(value);
  }
  std::vector<size_t> images_;
  std::vector<Bin> bins_;
};

// Runs task(i, row of blocks, lane) for each i of n, so that lanes are neighbours in memory: channels of a block, or a single
// one.
template <typename Task>
void each_lane(const View& in, size_t n, size_t work, Task task) {
  with_block(in.block, [&](auto constant) {
    constexpr size_t kBlock = decltype(constant)::value;
    constexpr size_t kLanes = kBlock == 0 ? 1 : kBlock;
    const size_t groups = in.block / kLanes, each = in.blocks() * groups;
    parallel(n * each, work, [&](size_t k) {
      task(std::integral_constant<size_t, kLanes>(), k / each, k % each / groups, k % groups * kLanes);
    });
  });
}

// regionMaxima(view, sizes…, bins, x, y, winners): y and winners are plain
void RegionMaxima(Args& args) {
  const Regions g(args, false);
  const float* x = args.floats(g.in.stored());
  float *y = args.floats(g.results(g.in.c)), *winners = args.floats(g.results(g.in.c));
  each_lane(g.in, g.count, g.results(g.in.c), [&](auto constant, size_t r, size_t row, size_t lane) {
    constexpr size_t kLanes = decltype(constant)::value;
    using L = Lanes<kLanes>;
    const size_t block = g.in.block, width = g.width, channel = row * block + lane;
    if (channel >= g.in.c) return;
    const size_t lanes = std::min(kLanes, g.in.c - channel), first = (r * g.in.c + channel) * g.positions();
    const float* from = x + (g.image(r) * g.in.blocks() + row) * g.in.row_size() + lane;
    for (size_t i = 0, at = first; i < g.rows; i++) {
      const Bin rows = g.row(r, i);
      for (size_t j = 0; j < g.columns; j++, at++) {
        const Bin columns = g.column(r, j);
        auto best = typename L::Floats{} - std::numeric_limits<float>::infinity();
        auto mark = typename L::Ints{} - 1;
        for (int64_t h = rows.from; h < rows.to; h++) {
          for (int64_t w = columns.from; w < columns.to; w++) {
            const auto here = static_cast<int32_t>(h * width + w);
            const auto value = load<typename L::Floats>(from + here * block);
            const auto is_greater = value > best;
            best = is_greater ? value : best;
            mark = is_greater ? typename L::Ints{} + here : mark;
          }
        }
        for (size_t l = 0; l < lanes; l++) {
          y[at + l * g.positions()] = mark[l] < 0 ? 0 : best[l];
          winners[at + l * g.positions()] = static_cast<float>(mark[l]);
        }
      }
    }
  });
}

// Runs task(plane, channel, region) for each plain plane of dx, which has been cleared, and each region of its image, in order.
template <typename Task>
void each_plane(const Regions& g, size_t work, float* dx, Task task) {
  if (g.in.block != 1) throw std::length_error("planes that do not lie by themselves");
  parallel(g.in.rows(), work, [&](size_t k) {
    float* plane = dx + k * g.in.s;
    std::fill_n(plane, g.in.s, 0.0f);
    for (size_t r = 0; r < g.count; r++) {
      if (g.image(r) == k / g.in.c) task(plane, k % g.in.c, r);
    }
  });
}

// regionMaximaBackward(plain view, sizes…, bins, dy, winners, dx)
void RegionMaximaBackward(Args& args) {
  const Regions g(args, false);
  const size_t results = g.results(g.in.c);
  const float *dy = args.floats(results), *winners = args.floats(results);
  float* dx = args.floats(g.in.stored());
  each_plane(g, results, dx, [&](float* plane, size_t channel, size_t r) {
    size_t at = (r * g.in.c + channel) * g.positions();
    for (size_t i = 0; i < g.rows; i++) {
      for (size_t j = 0; j < g.columns; j++, at++) {
        const float place = winners[at];
        if (!(place >= 0 && place < static_cast<float>(g.in.s))) continue;
        const auto p = static_cast<int64_t>(place), width = static_cast<int64_t>(g.width);
        if (g.row(r, i).holds(p / width) && g.column(r, j).holds(p % width)) plane[p] += dy[at];
      }
    }
  });
}

float area(const Bin& row, const Bin& column) {
  return static_cast<float>(std::max<int64_t>(row.to - row.from, 0) * std::max<int64_t>(column.to - column.from, 0));
}

// How many channels a result of means has: each bin takes a channel of its own.
size_t depth(const Regions& g) {
  if (g.positions() == 0 || g.in.c % g.positions() != 0) throw std::length_error("channels that are not whole grids");
  return g.in.c / g.positions();
}

// regionMeans(plain view, sizes…, bins, x, y)
void RegionMeans(Args& args) {
  const Regions g(args, false);
  if (g.in.block != 1) throw std::length_error("planes that do not lie by themselves");
  const size_t channels = depth(g);
  const float* x = args.floats(g.in.stored());
  float* y = args.floats(g.results(channels));
  parallel(g.count, g.results(channels), [&](size_t r) {
    for (size_t c = 0; c < g.in.c; c++) {
      const Bin rows = g.row(r, c / g.columns % g.rows), columns = g.column(r, c % g.columns);
      const float* plane = x + (g.image(r) * g.in.c + c) * g.in.s;
      double sum = 0;
      for (int64_t h = rows.from; h < rows.to; h++) {
        for (int64_t w = columns.from; w < columns.to; w++) sum += plane[h * g.width + w];
      }
      const float size = area(rows, columns);
      y[r * g.in.c + c] = size == 0 ? 0 : static_cast<float>(sum / size);
    }
  });
}

// regionMeansBackward(plain view, sizes…, bins, dy, dx)
void RegionMeansBackward(Args& args) {
  const Regions g(args, false);
  const size_t results = g.results(depth(g));
  const float* dy = args.floats(results);
  float* dx = args.floats(g.in.stored());
  each_plane(g, results, dx, [&](float* plane, size_t c, size_t r) {
    const Bin rows = g.row(r, c / g.columns % g.rows), columns = g.column(r, c % g.columns);
    const float share = dy[r * g.in.c + c] / area(rows, columns);
    for (int64_t h = rows.from; h < rows.to; h++) {
      for (int64_t w = columns.from; w < columns.to; w++) plane[h * g.width + w] += share;
    }
  });
}

// The points of one region on a plain plane: its two rows are mixed first, and points then lie between two places of that.
void take_points(const Regions& g, size_t r, const float* plane, float* y) {
  const size_t columns = g.columns, width = g.width;
  std::vector<int32_t> from(columns), to(columns);
  std::vector<float> share(columns), line(width);
  bool is_whole = true;
  for (size_t j = 0; j < columns; j++) {
    const Bin u = g.column(r, j);
    is_whole = is_whole && u.from >= 0;
    from[j] = static_cast<int32_t>(std::max<int64_t>(u.from, 0));
    to[j] = static_cast<int32_t>(std::max<int64_t>(u.to, 0));
    share[j] = u.share;
  }
  const int32_t *left = from.data(), *right = to.data();
  const float* shares = share.data();
  float* mixed = line.data();
  for (size_t i = 0; i < g.rows; i++, y += columns) {
    const Bin v = g.row(r, i);
    if (v.from < 0) {
      std::fill_n(y, columns, 0.0f);
      continue;
    }
    const float *above = plane + v.from * width, *below = plane + v.to * width, part = v.share;
#pragma omp simd
    for (size_t w = 0; w < width; w++) mixed[w] = above[w] * (1 - part) + below[w] * part;
#pragma omp simd
    for (size_t j = 0; j < columns; j++) y[j] = mixed[left[j]] * (1 - shares[j]) + mixed[right[j]] * shares[j];
    for (size_t j = 0; !is_whole && j < columns; j++) {
      if (g.column(r, j).from < 0) y[j] = 0;
    }
  }
}

// The same of channels in blocks.
template <typename Floats>
void take_points(const Regions& g, size_t r, const float* plane, float* y) {
  const size_t block = g.in.block, width = g.width;
  for (size_t i = 0; i < g.rows; i++) {
    const Bin v = g.row(r, i);
    for (size_t j = 0; j < g.columns; j++, y += block) {
      const Bin u = g.column(r, j);
      Floats value{};
      if (v.from >= 0 && u.from >= 0) {
        const auto at = [&](int64_t h, int64_t w) { return load<Floats>(plane + (h * width + w) * block); };
        const auto above = at(v.from, u.from) * (1 - u.share) + at(v.from, u.to) * u.share;
        const auto below = at(v.to, u.from) * (1 - u.share) + at(v.to, u.to) * u.share;
        value = above * (1 - v.share) + below * v.share;
      }
      store(y, value);
    }
  }
}

// regionPoints(view, sizes…, bins, x, y): y lies as x does
void RegionPoints(Args& args) {
  const Regions g(args, true);
  const size_t results = g.results(g.in.padded());
  const float* x = args.floats(g.in.stored());
  float* y = args.floats(results);
  each_lane(g.in, g.count, results, [&](auto constant, size_t r, size_t row, size_t lane) {
    using Floats = typename Lanes<decltype(constant)::value>::Floats;
    const size_t block = g.in.block;
    const float* from = x + (g.image(r) * g.in.blocks() + row) * g.in.row_size() + lane;
    float* to = y + (r * g.in.blocks() + row) * g.positions() * block + lane;
    // A row is worth mixing where it has no more places than points.
    if (block == 1 && g.columns >= g.width) take_points(g, r, from, to);
    else take_points<Floats>(g, r, from, to);
  });
}

// Adds to a plane the gradient of one region's points, plain. Rows of points between the same two rows of the plane are
// added up first, each with its share, so that points are read side by side and the plane is touched once for all of them.
void add_points(const Regions& g, size_t r, const float* dy, float* plane, std::vector<float>& lines) {
  const size_t columns = g.columns;
  lines.resize(2 * columns);
  float *above = lines.data(), *below = above + columns;
  for (size_t i = 0, next; i < g.rows; i = next) {
    const Bin v = g.row(r, i);
    for (next = i + 1; next < g.rows && g.row(r, next).from == v.from && g.row(r, next).to == v.to;) next++;
    if (v.from < 0) continue;
    std::fill_n(above, 2 * columns, 0.0f);
    for (size_t k = i; k < next; k++) {
      const float *slope = dy + k * columns, share = g.row(r, k).share;
#pragma omp simd
      for (size_t j = 0; j < columns; j++) {
        above[j] += slope[j] * (1 - share);
        below[j] += slope[j] * share;
      }
    }
    float *first = plane + v.from * g.width, *second = plane + v.to * g.width;
    for (size_t j = 0; j < columns; j++) {
      const Bin u = g.column(r, j);
      if (u.from < 0) continue;
      first[u.from] += above[j] * (1 - u.share);
      first[u.to] += above[j] * u.share;
      second[u.from] += below[j] * (1 - u.share);
      second[u.to] += below[j] * u.share;
    }
  }
}

// The same of channels in blocks: points between the same two columns are added up in registers.
template <typename Floats>
void add_points(const Regions& g, size_t r, const float* dy, float* plane) {
  const size_t block = g.in.block, width = g.width;
  for (size_t i = 0; i < g.rows; i++) {
    const Bin v = g.row(r, i);
    if (v.from < 0) continue;
    const float* slopes = dy + i * g.columns * block;
    for (size_t j = 0, next; j < g.columns; j = next) {
      const Bin u = g.column(r, j);
      for (next = j + 1; next < g.columns && g.column(r, next).from == u.from && g.column(r, next).to == u.to;) next++;
      if (u.from < 0) continue;
      Floats left{}, right{};
      for (size_t k = j; k < next; k++) {
        const auto slope = load<Floats>(slopes + k * block);
        const float share = g.column(r, k).share;
        left += slope * (1 - share);
        right += slope * share;
      }
      const auto add = [&](int64_t h, int64_t w, const Floats& value) {
        float* target = plane + (h * width + w) * block;
        store(target, load<Floats>(target) + value);
      };
      add(v.from, u.from, left * (1 - v.share));
      add(v.from, u.to, right * (1 - v.share));
      add(v.to, u.from, left * v.share);
      add(v.to, u.to, right * v.share);
    }
  }
}

// regionPointsBackward(view, sizes…, bins, dy, dx): dy lies as dx does
void RegionPointsBackward(Args& args) {
  const Regions g(args, true);
  const size_t results = g.results(g.in.padded());
  const float* dy = args.floats(results);
  float* dx = args.floats(g.in.stored());
  each_lane(g.in, g.in.n, results, [&](auto constant, size_t image, size_t row, size_t lane) {
    using Floats = typename Lanes<decltype(constant)::value>::Floats;
    const size_t block = g.in.block;
    float* to = dx + (image * g.in.blocks() + row) * g.in.row_size() + lane;
    for (size_t i = 0; i < g.in.s; i++) store(to + i * block, Floats{});
    std::vector<float> lines;
    for (size_t r = 0; r < g.count; r++) {
      if (g.image(r) != image) continue;
      const float* from = dy + (r * g.in.blocks() + row) * g.positions() * block + lane;
      if (block == 1) add_points(g, r, from, to, lines);
      else add_points<Floats>(g, r, from, to);
    }
  });
}

}  // namespace

void InitRegions(Napi::Object exports) {
  define<RegionMaxima>(exports, "regionMaxima");
  define<RegionMaximaBackward>(exports, "regionMaximaBackward");
  define<RegionMeans>(exports, "regionMeans");
  define<RegionMeansBackward>(exports, "regionMeansBackward");
  define<RegionPoints>(exports, "regionPoints");
  define<RegionPointsBackward>(exports, "regionPointsBackward");
}

}  // namespace caffe
