// What is read from scores: how many labels are right, and which values are greatest.
#include "loops.h"
#include "primitive.h"

namespace caffe {

namespace {

constexpr size_t kRun = PositionRun::kMost;

// accuracy(outer, classes, inner, topK, ignored, x, label, perClass | undefined): the share of labels that count
// whose score fewer than topK others reach; 0 where none counts
double Accuracy(Args& args) {
  const size_t outer = args.size(), classes = args.size(), inner = args.size();
  const auto top_k = static_cast<int>(args.number());
  const int ignored = args.label();
  const float *x = args.floats(outer * classes * inner), *label = args.floats(outer * inner);
  float* per_class = args.optional(classes);
  std::vector<char> is_right(outer * inner);
  parallel_positions(outer, inner, outer * classes * inner, [&](const PositionRun& run) {
    const size_t o = run.o, begin = run.begin, n = run.n;
    const float* from = x + o * classes * inner + begin;
    float own[kRun];
    int reached[kRun] = {};
    for (size_t i = 0; i < n; i++) {
      const float l = label[o * inner + begin + i];
      own[i] = static_cast<int>(l) == ignored ? 0 : from[class_of(l, classes) * inner + i];
    }
    if (inner == 1) {
      int count = 0;
#pragma omp simd reduction(+ : count)
      for (size_t c = 0; c < classes; c++) count += from[c] >= own[0];
      reached[0] = count;
    } else {
      for (size_t c = 0; c < classes; c++) {
#pragma omp simd
        for (size_t i = 0; i < n; i++) reached[i] += from[c * inner + i] >= own[i];
      }
    }
    // A score reaches itself, unless it is NaN, which is right nowhere.
    for (size_t i = 0; i < n; i++) is_right[o * inner + begin + i] = own[i] == own[i] && reached[i] - 1 < top_k;
  });
  std::vector<double> right(classes), seen(classes);
  double all_right = 0, all_seen = 0;
  for (size_t at = 0; at < outer * inner; at++) {
    const auto l = static_cast<int>(label[at]);
    if (l == ignored) continue;
    seen[l]++;
    right[l] += is_right[at];
    all_seen++;
    all_right += is_right[at];
  }
  for (size_t c = 0; c < classes && per_class != nullptr; c++) {
    per_class[c] = seen[c] > 0 ? static_cast<float>(right[c] / seen[c]) : 0;
  }
  return all_seen > 0 ? all_right / all_seen : 0;
}

// Which values of rows a call writes.
enum class Wanted { kIndices, kValues, kBoth };

// The index of the greatest of each of n neighbouring rows; of equal values the last.
void greatest_of_run(const float* x, size_t length, size_t inner, size_t n, int* index, float* value) {
  std::fill_n(index, n, 0);
  std::copy_n(x, n, value);
  for (size_t c = 1; c < length; c++) {
    const auto here = static_cast<int>(c);
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
      const float v = x[c * inner + i];
      const bool is_less = v < value[i];
      index[i] = is_less ? index[i] : here;
      value[i] = is_less ? value[i] : v;
    }
  }
}

// argMax(outer, length, inner, topK, wants: 0 indices, 1 values, 2 both, x, y)
void ArgMax(Args& args) {
  const size_t outer = args.size(), length = args.size(), inner = args.size(), top_k = args.size();
  const auto wanted = static_cast<Wanted>(args.size());
  if (top_k > length) throw std::out_of_range("more of the greatest values than there are");
  const float* x = args.floats(outer * length * inner);
  float* y = args.floats(outer * top_k * inner * (wanted == Wanted::kBoth ? 2 : 1));
  parallel_positions(outer, inner, outer * length * inner, [=](const PositionRun& run) {
    const size_t o = run.o, begin = run.begin, n = run.n;
    const float* from = x + o * length * inner + begin;
    const auto write = [=](size_t i, size_t j, int index, float value) {
      if (wanted == Wanted::kBoth) {
        y[2 * o * top_k + j] = static_cast<float>(index);
        y[(2 * o + 1) * top_k + j] = value;
      } else {
        y[(o * top_k + j) * inner + begin + i] = wanted == Wanted::kValues ? value : static_cast<float>(index);
      }
    };
    if (top_k == 1) {
      int index[kRun];
      float value[kRun];
      greatest_of_run(from, length, inner, n, index, value);
      for (size_t i = 0; i < n; i++) write(i, 0, index[i], value[i]);
      return;
    }
    std::vector<int> best(top_k);
    for (size_t i = 0; i < n; i++) {
      const auto at = [=](int c) { return from[c * inner + i]; };
      size_t found = 0;
      for (size_t c = 0; c < length; c++) {
        const float value = at(static_cast<int>(c));
        if (found == top_k && value < at(best[top_k - 1])) continue;
        size_t place = found < top_k ? found++ : top_k - 1;
        for (; place > 0 && at(best[place - 1]) <= value; place--) best[place] = best[place - 1];
        best[place] = static_cast<int>(c);
      }
      for (size_t j = 0; j < top_k; j++) write(i, j, best[j], at(best[j]));
    }
  });
}

}  // namespace

void InitScores(Napi::Object exports) {
  define<Accuracy>(exports, "accuracy");
  define<ArgMax>(exports, "argMax");
}

}  // namespace caffe
