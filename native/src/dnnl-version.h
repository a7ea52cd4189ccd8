// The one place that knows how oneDNN 2.x and 3.x differ: primitive descriptors and memory descriptors.
#pragma once

#include <algorithm>
#include <dnnl.hpp>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

namespace caffe {

#if DNNL_VERSION_MAJOR >= 3

// Where the channels of both sides are padded, the reorder writes the zeros of one side's padding over elements (3.7.2).
constexpr bool kReorderPadsWeights = false;

// A primitive_desc from the arguments that follow the engine.
template <typename Primitive, typename... Args>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                            Args&&... args) {
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., attr);
}

template <typename Primitive, typename Hint, typename... Args>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                                     const Hint& hint, Args&&... args) {
  return typename Primitive::primitive_desc(engine, std::forward<Args>(args)..., hint, attr);
}

// The first implementation that fits, of what `make` describes; the library's first where none does.
template <typename Make, typename Fits>
auto describe_fitting(const Make& make, const Fits& fits) {
  auto pd = make();
  while (!fits(pd)) {
    if (!pd.next_impl()) return make();
  }
  return pd;
}

inline std::string layout_key(const dnnl::memory::desc& md) {
  std::ostringstream key;
  for (auto d : md.get_dims()) key << d << 'x';
  for (auto d : md.get_padded_dims()) key << ',' << d;
  for (auto s : md.get_strides()) key << ':' << s;
  auto blocks = md.get_inner_blks();
  auto axes = md.get_inner_idxs();
  for (size_t i = 0; i < blocks.size(); i++) key << '/' << blocks[i] << '@' << axes[i];
  return key.str();
}

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& md) { return md.get_dims(); }

inline dnnl::memory::data_type type_of(const dnnl::memory::desc& md) { return md.get_data_type(); }

struct Blocking {
  dnnl::memory::dims padded, strides, blocks, axes;
};

inline Blocking blocking_of(const dnnl::memory::desc& md) {
  return {md.get_padded_dims(), md.get_strides(), md.get_inner_blks(), md.get_inner_idxs()};
}

inline void add_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha, float beta = 0) {
  ops.append_eltwise(algorithm, alpha, beta);
}

// Whether products of bytes have their bias added before they are multiplied by factors, or behind.
constexpr bool kAddsBiasFirst = false;

inline void add_sum(dnnl::post_ops& ops, float scale, dnnl::memory::data_type type) { ops.append_sum(scale, 0, type); }

// What is multiplied by factors as it is written: one for all, or one for each output channel of products by weights (in groups).
class Factors {
 public:
  static Factors of_all(float factor) { return {DNNL_ARG_SRC, 0, {factor}}; }
  static Factors of_outputs(std::vector<float> factors, bool in_groups) {
    return {DNNL_ARG_WEIGHTS, in_groups ? 3 : 1, std::move(factors)};
  }
  void set(dnnl::primitive_attr& attr) const { attr.set_scales_mask(argument_, mask_); }
  // What the primitive is given besides its arrays.
  std::unordered_map<int, dnnl::memory> constants(const dnnl::engine& engine) const {
    const auto count = static_cast<int64_t>(values_.size());
    dnnl::memory memory({{count}, dnnl::memory::data_type::f32, dnnl::memory::dims{1}}, engine);
    std::copy(values_.begin(), values_.end(), static_cast<float*>(memory.get_data_handle()));
    return {{DNNL_ARG_ATTR_SCALES | argument_, memory}};
  }

 private:
  Factors(int argument, int mask, std::vector<float> values) : argument_(argument), mask_(mask), values_(std::move(values)) {}
  int argument_, mask_;
  std::vector<float> values_;
};

#else

constexpr bool kReorderPadsWeights = true;

template <typename Primitive, typename... Args>
typename Primitive::primitive_desc describe(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                            Args&&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), attr, engine);
}

template <typename Primitive, typename Hint, typename... Args>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine, const dnnl::primitive_attr& attr,
                                                     const Hint& hint, Args&&... args) {
  return typename Primitive::primitive_desc(typename Primitive::desc(std::forward<Args>(args)...), attr, engine, hint);
}

// The first implementation: the next ones would be asked of what `make` no longer holds, and the first one fits.
template <typename Make, typename Fits>
auto describe_fitting(const Make& make, const Fits&) {
  return make();
}

inline std::string layout_key(const dnnl::memory::desc& md) {
  std::ostringstream key;
  const auto& blocking = md.data.format_desc.blocking;
  for (int i = 0; i < md.data.ndims; i++) key << md.data.dims[i] << 'x';
  for (int i = 0; i < md.data.ndims; i++) key << ',' << md.data.padded_dims[i];
  for (int i = 0; i < md.data.ndims; i++) key << ':' << blocking.strides[i];
  for (int i = 0; i < blocking.inner_nblks; i++) key << '/' << blocking.inner_blks[i] << '@' << blocking.inner_idxs[i];
  return key.str();
}

inline dnnl::memory::dims dims_of(const dnnl::memory::desc& md) { return md.dims(); }

inline dnnl::memory::data_type type_of(const dnnl::memory::desc& md) { return md.data_type(); }

struct Blocking {
  dnnl::memory::dims padded, strides, blocks, axes;
};

inline Blocking blocking_of(const dnnl::memory::desc& md) {
  const auto& b = md.data.format_desc.blocking;
  const int n = md.data.ndims;
  return {{md.data.padded_dims, md.data.padded_dims + n},
          {b.strides, b.strides + n},
          {b.inner_blks, b.inner_blks + b.inner_nblks},
          {b.inner_idxs, b.inner_idxs + b.inner_nblks}};
}

inline void add_eltwise(dnnl::post_ops& ops, dnnl::algorithm algorithm, float alpha, float beta = 0) {
  ops.append_eltwise(1.0f, algorithm, alpha, beta);
}

constexpr bool kAddsBiasFirst = true;

inline void add_sum(dnnl::post_ops& ops, float scale, dnnl::memory::data_type type) { ops.append_sum(scale, type); }

class Factors {
 public:
  static Factors of_all(float factor) { return {0, {factor}}; }
  static Factors of_outputs(std::vector<float> factors, bool) { return {2, std::move(factors)}; }
  void set(dnnl::primitive_attr& attr) const { attr.set_output_scales(mask_, values_); }
  std::unordered_map<int, dnnl::memory> constants(const dnnl::engine&) const { return {}; }

 private:
  Factors(int mask, std::vector<float> values) : mask_(mask), values_(std::move(values)) {}
  int mask_;
  std::vector<float> values_;
};

#endif

// How many neighbouring channels (axis 1) lie together: 1 row-major, 16 in nChw16c, all of them channels-last; 0 for
// any other layout. src/native/src/loops.h has the formula.
inline size_t channel_block(const dnnl::memory::desc& md) {
  const auto dims = dims_of(md);
  const auto b = blocking_of(md);
  const size_t axes = dims.size();
  if (axes < 2 || b.blocks.size() > 1 || (b.blocks.size() == 1 && b.axes[0] != 1)) return axes == 1 ? 1 : 0;
  int64_t block = b.blocks.empty() ? 1 : b.blocks[0];
  if (b.blocks.empty() && axes > 2 && b.strides[1] == 1 && dims[1] > 1) block = dims[1];
  int64_t step = block;
  for (size_t a = axes; a-- > 2; step *= dims[a]) {
    if (dims[a] > 1 && b.strides[a] != step) return 0;
  }
  const int64_t blocks = (b.padded[1] + block - 1) / block;
  if (blocks > 1 && b.strides[1] != step) return 0;
  if (dims[0] > 1 && b.strides[0] != step * blocks) return 0;
  return static_cast<size_t>(block);
}

}  // namespace caffe
