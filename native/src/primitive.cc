#include "primitive.h"

#include <optional>

#include "signals.h"

namespace caffe {

namespace {

// What Make hands to the constructor.
struct Parts {
  Primitive::Work work;
  const std::vector<Argument>& arguments;
  size_t scratch;
  std::shared_ptr<void> hint;
};

// Floats that hold it.
size_t floats_in(const dnnl::memory::desc& desc) { return (desc.get_size() + sizeof(float) - 1) / sizeof(float); }

}  // namespace

Primitive::Primitive(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Primitive>(info), threads_(omp_get_max_threads()) {
  auto& parts = *info[0].As<Napi::External<Parts>>().Data();
  work_ = std::move(parts.work);
  hint_ = parts.hint;
  for (const auto& argument : parts.arguments) floats_.push_back(floats_in(argument.desc));
  if (parts.scratch > 0) floats_.push_back(parts.scratch);
  buffers_.resize(floats_.size());
}

void Primitive::Init(Napi::Env env, Napi::Object exports) {
  auto function = DefineClass(env, "Primitive", {InstanceMethod("run", &Primitive::Run)});
  classes(env).primitive = Napi::Persistent(function);
  exports.Set("Primitive", function);
}

Napi::Object Primitive::Make(Napi::Env env, const dnnl::primitive& primitive, const std::string& implementation,
                             const std::vector<Argument>& arguments, std::shared_ptr<void> hint,
                             const dnnl::memory::desc& scratchpad, Constants by_id) {
  std::vector<dnnl::memory> memories;
  const auto add = [&](int id, const dnnl::memory::desc& desc) {
    memories.emplace_back(desc, cpu(), nullptr);
    by_id.emplace(id, memories.back());
  };
  for (const auto& argument : arguments) add(argument.id, argument.desc);
  const size_t scratch = floats_in(scratchpad);
  if (scratch > 0) add(DNNL_ARG_SCRATCHPAD, scratchpad);
  // To keep signals off takes longer than to move a small array, which no matrix product does.
  const bool may_multiply = primitive.get_kind() != dnnl::primitive::kind::reorder;
  const auto work = [primitive, memories, by_id, may_multiply](float* const* buffers) {
    for (size_t i = 0; i < memories.size(); i++) memories[i].set_data_handle(buffers[i]);
    std::optional<SignalsBlocked> blocked;
    if (may_multiply) blocked.emplace();
    primitive.execute(stream(), by_id);
    stream().wait();
  };
  return Make(env, work, implementation, arguments, scratch, std::move(hint));
}

Napi::Object Primitive::Make(Napi::Env env, Work work, const std::string& implementation,
                             const std::vector<Argument>& arguments, size_t scratch, std::shared_ptr<void> hint) {
  Parts parts{std::move(work), arguments, scratch, std::move(hint)};
  auto object = classes(env).primitive.New({Napi::External<Parts>::New(env, &parts)});
  auto layouts = Napi::Object::New(env);
  for (const auto& argument : arguments) layouts.Set(argument.name, Layout::Make(env, argument.desc));
  object.Set("layouts", layouts);
  object.Set("implementation", implementation);
  object.Set("scratch", static_cast<double>(scratch));
  return object;
}

template <typename At>
void Primitive::RunAt(At at) {
  for (size_t i = 0; i < floats_.size(); i++) buffers_[i] = at(i).floats(floats_[i]);
  const Threads threads(threads_);
  work_(buffers_.data());
}

// run(buffer, buffer, ...): one Store or Float32Array for each argument, in their order, and one to scratch in.
void Primitive::Run(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { RunAt([&](size_t i) { return array_of(info[i]); }); });
}

void Primitive::RunOn(const std::vector<Given>& buffers) {
  if (buffers.size() < floats_.size()) throw std::length_error("fewer arrays than are needed");
  RunAt([&](size_t i) { return buffers[i].array; });
}

}  // namespace caffe
