// A primitive, oneDNN's or one of ours, as JavaScript holds it: made once, run many times.
#pragma once

#include <omp.h>

#include <functional>
#include <vector>

#include "args.h"

namespace caffe {

// One argument: its name for JavaScript, oneDNN's number (0 for a primitive of ours), and its layout.
struct Argument {
  const char* name;
  int id;
  dnnl::memory::desc desc;
};

// What the library's primitive is given besides its arguments, the same in every run.
using Constants = std::unordered_map<int, dnnl::memory>;

// Memory to work in is the caller's: what it holds between two calls may be used for something else.
inline dnnl::primitive_attr scratching() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

// So many threads while this lives.
class Threads {
 public:
  explicit Threads(int count) : before_(omp_get_max_threads()) {
    if (count != before_) omp_set_num_threads(count);
  }
  ~Threads() {
    if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
  }

 private:
  int before_;
};

// JavaScript sees `layouts` (by argument name), `scratch` (floats) and run(buffers in the order of the arguments, and
// memory to scratch in where some is wanted).
class Primitive : public Napi::ObjectWrap<Primitive> {
 public:
  static void Init(Napi::Env env, Napi::Object exports);
  static Napi::Object Make(Napi::Env env, const dnnl::primitive& primitive, const std::string& implementation,
                           const std::vector<Argument>& arguments, std::shared_ptr<void> hint = nullptr,
                           const dnnl::memory::desc& scratchpad = {}, Constants constants = {});
  // One of ours: `work` gets an address for each argument, and one of `scratch` floats where that is not 0.
  using Work = std::function<void(float* const* buffers)>;
  static Napi::Object Make(Napi::Env env, Work work, const std::string& implementation,
                           const std::vector<Argument>& arguments, size_t scratch,
                           std::shared_ptr<void> hint = nullptr);
  explicit Primitive(const Napi::CallbackInfo& info);
  // The forward primitive's descriptor, for those of backward.
  const std::shared_ptr<void>& hint() const { return hint_; }
  // As JavaScript's run.
  void RunOn(const std::vector<Given>& buffers);

 private:
  void Run(const Napi::CallbackInfo& info);
  // `at` gives the array of each argument.
  template <typename At>
  void RunAt(At at);
  Work work_;
  // How many floats each buffer takes, and where they are in the call that runs.
  std::vector<size_t> floats_;
  std::vector<float*> buffers_;
  std::shared_ptr<void> hint_;
  // How many threads there were when it was made: the work has been shared out among so many.
  int threads_;
};

void InitConvolution(Napi::Object exports);
void InitDirect(Napi::Object exports);
void InitBytes(Napi::Object exports);
void InitBf16Products(Napi::Object exports);
void InitPooling(Napi::Object exports);
void InitVectors(Napi::Object exports);
void InitUnary(Napi::Object exports);
void InitChannels(Napi::Object exports);
void InitCopies(Napi::Object exports);
void InitArithmetic(Napi::Object exports);
void InitNoise(Napi::Object exports);
void InitInnerProduct(Napi::Object exports);
void InitLosses(Napi::Object exports);
void InitLRN(Napi::Object exports);
void InitRegions(Napi::Object exports);
void InitWindows(Napi::Object exports);
void InitWinograd(Napi::Object exports);
void InitScores(Napi::Object exports);
void InitSuppression(Napi::Object exports);
void InitRowProducts(Napi::Object exports);
void InitUnitLength(Napi::Object exports);
void InitUnpooling(Napi::Object exports);
void InitReorder(Napi::Object exports);
void InitUpdates(Napi::Object exports);

}  // namespace caffe
