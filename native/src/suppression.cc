// Non-maximum suppression; src/engines/ops/suppression.ts has the formula.
#include <cstring>
#include <limits>

#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

enum class Told { kEdges, kPixels, kCenters };

// As Math.min and Math.max: NaN where either is. Of edges none is: a box that has one is alone.
template <Told told>
inline float least(float a, float b) {
  if constexpr (told == Told::kEdges) return a < b ? a : b;
  return a < b || a != a ? a : b;
}
template <Told told>
inline float most(float a, float b) {
  if constexpr (told == Told::kEdges) return a > b ? a : b;
  return a > b || a != a ? a : b;
}

inline float extent(float from, float to) { return (to - from) + 1; }

struct Box {
  float x0, y0, x1, y1, area;
};

Box box_of(Told told, const float* at) {
  const float a = at[0], b = at[1], c = at[2], d = at[3];
  if (told == Told::kPixels) return {a, b, c, d, extent(a, c) * extent(b, d)};
  if (told == Told::kEdges) return {a, b, c, d, c < a || d < b ? 0 : (c - a) * (d - b)};
  const float half_width = c / 2, half_height = d / 2;
  return {a - half_width, b - half_height, a + half_width, b + half_height, c * d};
}

// Whether a box can overlap no other by too much: it has no area, or of middles one that is not finite.
template <Told told>
bool is_alone(const float* at, float area, float limit) {
  if constexpr (told == Told::kEdges) return !(at[2] > at[0] && at[3] > at[1]);
  if constexpr (told == Told::kPixels) return false;
  return limit > 0 && (at[2] == 0 || at[3] == 0 || !std::isfinite(area));
}

// What stays and may overlap what comes, each edge in a list of its own.
struct Kept {
  // Behind the last one there are boxes that share nothing with any, so that vectors are full.
  static constexpr size_t kVector = 16;
  static constexpr float kFar = std::numeric_limits<float>::infinity();
  explicit Kept(size_t room)
      : x0(room + kVector, kFar),
        y0(room + kVector, kFar),
        x1(room + kVector, -kFar),
        y1(room + kVector, -kFar),
        area(room + kVector) {}
  void add(const Box& box) {
    x0[size] = box.x0, y0[size] = box.y0, x1[size] = box.x1, y1[size] = box.y1, area[size] = box.area;
    size++;
  }
  std::vector<float> x0, y0, x1, y1, area;
  size_t size = 0;
};

// What two boxes share; of "edges" −1 where that is nothing, for then they do not overlap, whatever the limit is.
template <Told told>
inline float shared_of(float width, float height) {
  if constexpr (told == Told::kPixels) return most<told>(0, width + 1) * most<told>(0, height + 1);
  if constexpr (told == Told::kEdges) return width > 0 && height > 0 ? width * height : -1;
  return width < 0 || height < 0 ? 0 : width * height;
}

// Whether the overlap is too much.
template <Told told>
inline bool goes(float shared, float all, float limit) {
  if constexpr (told == Told::kEdges) return shared >= 0 && !(shared / all <= limit);
  if constexpr (told == Told::kPixels) return !(shared / all <= limit);
  return shared / all >= limit;
}

// Whether the box overlaps one that stays. What two share goes through memory, or the compiler would round the product
// and the difference behind it once in place of twice. Only where that comes near the limit is there a division.
template <Told told>
bool overlaps(const Box& box, const Kept& kept, float limit) {
  constexpr size_t kRun = 64;
  const float x0 = box.x0, y0 = box.y0, x1 = box.x1, y1 = box.y1, area = box.area, near = limit * (1 - 4e-7f);
  float shared[kRun];
  for (size_t from = 0; from < kept.size; from += kRun) {
    const size_t n = std::min(kRun, kept.size - from), full = (n + Kept::kVector - 1) / Kept::kVector * Kept::kVector;
    const float *left = kept.x0.data() + from, *top = kept.y0.data() + from;
    const float *right = kept.x1.data() + from, *bottom = kept.y1.data() + from, *areas = kept.area.data() + from;
    int found = 0;
#pragma omp simd
    for (size_t k = 0; k < full; k++) {
      const float width = least<told>(x1, right[k]) - most<told>(x0, left[k]);
      shared[k] = shared_of<told>(width, least<told>(y1, bottom[k]) - most<told>(y0, top[k]));
    }
#pragma omp simd reduction(| : found)
    for (size_t k = 0; k < full; k++) found |= !(shared[k] < near * ((area + areas[k]) - shared[k]));
    if (found == 0) continue;
    found = 0;
#pragma omp simd reduction(| : found)
    for (size_t k = 0; k < n; k++) found |= goes<told>(shared[k], (area + areas[k]) - shared[k], limit);
    if (found != 0) return true;
  }
  return false;
}

template <Told told>
std::vector<int32_t> kept_of(size_t count, size_t room, float limit, double eta, const float* boxes) {
  Kept kept(room);
  std::vector<int32_t> numbers;
  for (size_t i = 0; i < count && numbers.size() < room; i++) {
    const Box box = box_of(told, boxes + 4 * i);
    if (!is_alone<told>(boxes + 4 * i, box.area, limit)) {
      if (overlaps<told>(box, kept, limit)) continue;
      kept.add(box);
    }
    numbers.push_back(static_cast<int32_t>(i));
    if (told == Told::kEdges && eta < 1 && limit > 0.5f) limit = static_cast<float>(limit * eta);
  }
  return numbers;
}

// As kept_of, for boxes that are told one way or the other.
std::vector<int32_t> kept_of(Told told, size_t count, size_t room, float limit, double eta, const float* boxes) {
  if (told == Told::kEdges) return kept_of<Told::kEdges>(count, room, limit, eta, boxes);
  if (told == Told::kPixels) return kept_of<Told::kPixels>(count, room, limit, eta, boxes);
  return kept_of<Told::kCenters>(count, room, limit, eta, boxes);
}

Napi::Value array_of(const Napi::CallbackInfo& info, const std::vector<int32_t>& numbers) {
  auto result = Napi::Int32Array::New(info.Env(), numbers.size());
  std::copy(numbers.begin(), numbers.end(), result.Data());
  return result;
}

// suppress(count, most, told, threshold, eta, boxes): the numbers of the boxes that stay; told: 0 edges, 1 pixels,
// 2 middles
Napi::Value Suppress(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t count = args.size(), room = std::min(args.size(), count);
  const auto told = static_cast<Told>(args.size());
  const float limit = args.single();
  const double eta = args.number();
  const float* boxes = args.floats(4 * count);
  return array_of(info, kept_of(told, count, room, limit, eta, boxes));
}

// A key that is the less the greater the score is, and of equal ones the less the lower the number: the bits of a float, but
// for its sign, are in the order of its values.
uint64_t key_of(float score, uint32_t number) {
  const float value = score + 0.0f;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  const uint32_t rising = bits >> 31 != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(~rising) << 32 | number;
}

// suppressClasses(images, priors, classes, kinds, background, least, candidates, most, told, threshold, eta, scores, boxes):
// [image, class, prior] of the boxes that stay; kinds: boxes of a prior, 1 or as many as classes
Napi::Value SuppressClasses(const Napi::CallbackInfo& info) {
  Args args(info);
  const size_t images = args.size(), priors = args.size(), classes = args.size(), kinds = args.size();
  const double background = args.number(), least = args.number();
  const size_t candidates = args.size(), room = args.size();
  const auto told = static_cast<Told>(args.size());
  const float limit = args.single();
  const double eta = args.number();
  if (kinds != 1 && kinds != classes) throw std::length_error("a prior has one box, or one for each class");
  const float *scores = args.floats(images * priors * classes), *boxes = args.floats(4 * images * priors * kinds);
  std::vector<std::vector<int32_t>> found(images * classes);
  parallel(images * classes, images * priors * classes, [&](size_t list) {
    const size_t image = list / classes, label = list % classes;
    if (static_cast<double>(label) == background) return;
    const float* own = scores + image * priors * classes + label;
    std::vector<uint64_t> keys;
    for (size_t p = 0; p < priors; p++) {
      if (own[p * classes] > least) keys.push_back(key_of(own[p * classes], static_cast<uint32_t>(p)));
    }
    const auto end = keys.begin() + std::min(keys.size(), candidates);
    if (end != keys.end()) std::nth_element(keys.begin(), end, keys.end());
    std::sort(keys.begin(), end);
    keys.erase(end, keys.end());
    std::vector<float> edges(4 * keys.size());
    for (size_t k = 0; k < keys.size(); k++) {
      const size_t box = (image * priors + static_cast<uint32_t>(keys[k])) * kinds + (kinds == 1 ? 0 : label);
      std::copy_n(boxes + 4 * box, 4, edges.begin() + 4 * k);
    }
    found[list] = kept_of(told, keys.size(), std::min(room, keys.size()), limit, eta, edges.data());
    for (int32_t& number : found[list]) number = static_cast<int32_t>(static_cast<uint32_t>(keys[number]));
  });
  std::vector<int32_t> rows;
  for (size_t list = 0; list < found.size(); list++) {
    for (const int32_t prior : found[list]) {
      rows.insert(rows.end(), {static_cast<int32_t>(list / classes), static_cast<int32_t>(list % classes), prior});
    }
  }
  return array_of(info, rows);
}

}  // namespace

void InitSuppression(Napi::Object exports) {
  define<Suppress>(exports, "suppress");
  define<SuppressClasses>(exports, "suppressClasses");
}

}  // namespace caffe
