// Moving an array from one layout to another: by the library, or element by element.
#include <algorithm>

#include "loops.h"
#include "primitive.h"
#include "system-memory.h"

namespace caffe {

using dnnl::memory;

namespace {

// Where the elements of an array lie: at the sum of what each axis adds for its index.
class Places {
 public:
  explicit Places(const memory::desc& desc) : dims_(dims_of(desc)) {
    const Blocking blocking = blocking_of(desc);
    const size_t axes = dims_.size();
    added_.resize(axes);
    // Of several blocks of one axis a later one is finer, and the last one of all lies closest.
    memory::dims block(axes, 1), inner(blocking.blocks.size());
    int64_t step = 1;
    for (size_t k = inner.size(); k-- > 0;) {
      inner[k] = step;
      step *= blocking.blocks[k];
    }
    for (size_t k = 0; k < inner.size(); k++) block[blocking.axes[k]] *= blocking.blocks[k];
    for (size_t a = 0; a < axes; a++) {
      for (int64_t i = 0; i < blocking.padded[a]; i++) {
        int64_t place = i / block[a] * blocking.strides[a], rest = i % block[a], unit = block[a];
        for (size_t k = 0; k < inner.size(); k++) {
          if (blocking.axes[k] != static_cast<int64_t>(a)) continue;
          unit /= blocking.blocks[k];
          place += rest / unit * inner[k];
          rest %= unit;
        }
        added_[a].push_back(place);
      }
    }
    // The axis whose neighbours lie closest, so that it is gone through innermost.
    for (size_t a = 1; a < axes; a++) {
      if (step_of(a) <= step_of(inmost_)) inmost_ = a;
    }
  }

  size_t axes() const { return dims_.size(); }
  size_t length(size_t axis) const { return static_cast<size_t>(dims_[axis]); }
  // What each index of an axis adds, those of the padding behind it too.
  const memory::dims& added(size_t axis) const { return added_[axis]; }
  size_t inmost() const { return inmost_; }

 private:
  int64_t step_of(size_t a) const { return added_[a].size() > 1 ? added_[a][1] - added_[a][0] : INT64_MAX; }
  memory::dims dims_;
  std::vector<memory::dims> added_;
  size_t inmost_ = 0;
};

// Every element of `to`, padding included, which is 0.
template <typename From, typename To>
void move_elements(const Places& from, const Places& to, const From* x, To* y) {
  const size_t axes = to.axes(), inmost = to.inmost();
  const memory::dims& line = to.added(inmost);
  const size_t real = from.length(inmost);
  size_t lines = 1;
  for (size_t a = 0; a < axes; a++) {
    if (a != inmost) lines *= to.added(a).size();
  }
  const int64_t* read = from.added(inmost).data();
  parallel(lines, lines * line.size(), [&](size_t l) {
    int64_t source = 0, target = 0;
    bool is_padding = false;
    for (size_t a = axes, rest = l; a-- > 0;) {
      if (a == inmost) continue;
      const size_t i = rest % to.added(a).size();
      rest /= to.added(a).size();
      target += to.added(a)[i];
      if (i < from.length(a)) source += from.added(a)[i];
      else is_padding = true;
    }
    const size_t filled = is_padding ? 0 : real;
    for (size_t i = 0; i < filled; i++) y[target + line[i]] = x[source + read[i]];
    for (size_t i = filled; i < line.size(); i++) y[target + line[i]] = 0.0f;
  });
}

// reorder(Layout, Layout): from one layout to another of the same dims, by the library; bytes are rounded to the nearest, of two to
// the even one, and end where their type does
Napi::Value MakeReorder(const Napi::CallbackInfo& info) {
  auto* from = Layout::Unwrap(info[0].As<Napi::Object>());
  auto* to = Layout::Unwrap(info[1].As<Napi::Object>());
  dnnl::primitive_attr attr;
  const Factors factors = Factors::of_all(to->scale / from->scale);
  const bool is_scaled = to->scale != from->scale;
  if (is_scaled) factors.set(attr);
  dnnl::reorder::primitive_desc pd(cpu(), from->desc, cpu(), to->desc, attr);
  return Primitive::Make(info.Env(), dnnl::reorder(pd), pd.impl_info_str(),
                         {{"from", DNNL_ARG_FROM, from->desc}, {"to", DNNL_ARG_TO, to->desc}}, nullptr, {},
                         is_scaled ? factors.constants(cpu()) : Constants());
}

// moveElements(Layout, Layout): the same, element by element
Napi::Value MakeMoveElements(const Napi::CallbackInfo& info) {
  auto* from = Layout::Unwrap(info[0].As<Napi::Object>());
  auto* to = Layout::Unwrap(info[1].As<Napi::Object>());
  if (dims_of(from->desc) != dims_of(to->desc)) throw std::length_error("layouts of other dims");
  const Places source(from->desc), target(to->desc);
  if (type_of(from->desc) != ElementType::f32) throw std::length_error("elements that are not floats");
  const bool is_bf16 = type_of(to->desc) == ElementType::bf16;
  const auto work = [source, target, is_bf16](float* const* buffers) {
    if (is_bf16) move_elements(source, target, buffers[0], reinterpret_cast<Bf16*>(buffers[1]));
    else move_elements(source, target, buffers[0], buffers[1]);
  };
  return Primitive::Make(info.Env(), work, "elements", {{"from", 0, from->desc}, {"to", 0, to->desc}}, 0);
}

// discard(array, begin, count): gives the memory under those floats back to the system; what lies there is lost
void Discard(const Napi::CallbackInfo& info) {
  const size_t begin = size_of(info[1]), count = size_of(info[2]);
  discard(floats_of(info[0], begin + count) + begin, count * sizeof(float));
}

// moveRows(from, to, x, y, rows): an array of floats from the plain layout to another, so many of its first axis at a time, and the memory of
// each of them goes back to the system when it has moved. Throws before the first has.
void MoveRows(const Napi::CallbackInfo& info) {
  const memory::desc from = Layout::Unwrap(info[0].As<Napi::Object>())->desc, to = Layout::Unwrap(info[1].As<Napi::Object>())->desc;
  const memory::dims dims = dims_of(from);
  if (dims != dims_of(to) || dims.empty() || from != plain_desc(dims)) throw std::length_error("layouts of other dims, or not a plain one");
  float* x = floats_of(info[2], from.get_size() / sizeof(float));
  float* y = floats_of(info[3], to.get_size() / sizeof(float));
  const auto rows = std::max<int64_t>(1, static_cast<int64_t>(size_of(info[4])));
  const size_t row = from.get_size() / static_cast<size_t>(dims[0]);
  struct Part {
    memory::desc from, to;
    dnnl::reorder reorder;
  };
  std::vector<Part> parts;
  for (int64_t begin = 0; begin < dims[0]; begin += rows) {
    memory::dims lengths = dims, at(dims.size(), 0);
    lengths[0] = std::min(rows, dims[0] - begin);
    at[0] = begin;
    const memory::desc source = from.submemory_desc(lengths, at), target = to.submemory_desc(lengths, at);
    parts.push_back({source, target, dnnl::reorder(dnnl::reorder::primitive_desc(cpu(), source, cpu(), target))});
  }
  for (size_t k = 0; k < parts.size(); k++) {
    memory source(parts[k].from, cpu(), x), target(parts[k].to, cpu(), y);
    parts[k].reorder.execute(stream(), source, target);
    stream().wait();
    const size_t begin = k * static_cast<size_t>(rows) * row;
    discard(reinterpret_cast<char*>(x) + begin, std::min(static_cast<size_t>(rows) * row, from.get_size() - begin));
  }
}

}  // namespace

void InitReorder(Napi::Object exports) {
  define<MakeReorder>(exports, "reorder");
  define<MakeMoveElements>(exports, "moveElements");
  define<Discard>(exports, "discard");
  define<MoveRows>(exports, "moveRows");
  exports.Set("reorderPadsWeights", kReorderPadsWeights);
}

}  // namespace caffe
