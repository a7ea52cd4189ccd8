#include "primitive.h"

#include <cmath>

#include "signals.h"

namespace caffe {

namespace {

// What Make hands to the constructor.
struct Parts {
  const dnnl::primitive& primitive;
  const std::vector<Argument>& arguments;
  std::shared_ptr<void> hint;
  const dnnl::memory::desc& scratchpad;
};

}  // namespace

Primitive::Primitive(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Primitive>(info), threads_(omp_get_max_threads()) {
  auto& parts = *info[0].As<Napi::External<Parts>>().Data();
  primitive_ = parts.primitive;
  hint_ = parts.hint;
  const auto add = [this](int id, const dnnl::memory::desc& desc) {
    memories_.emplace_back(desc, cpu(), nullptr);
    floats_.push_back((desc.get_size() + sizeof(float) - 1) / sizeof(float));
    arguments_.emplace(id, memories_.back());
  };
  for (const auto& argument : parts.arguments) add(argument.id, argument.desc);
  if (parts.scratchpad.get_size() > 0) add(DNNL_ARG_SCRATCHPAD, parts.scratchpad);
}

void Primitive::Init(Napi::Env env, Napi::Object exports) {
  auto function = DefineClass(env, "Primitive", {InstanceMethod("run", &Primitive::Run)});
  classes(env).primitive = Napi::Persistent(function);
  exports.Set("Primitive", function);
}

Napi::Object Primitive::Make(Napi::Env env, const dnnl::primitive& primitive, const std::string& implementation,
                             const std::vector<Argument>& arguments, std::shared_ptr<void> hint,
                             const dnnl::memory::desc& scratchpad) {
  Parts parts{primitive, arguments, std::move(hint), scratchpad};
  auto object = classes(env).primitive.New({Napi::External<Parts>::New(env, &parts)});
  auto layouts = Napi::Object::New(env);
  for (const auto& argument : arguments) layouts.Set(argument.name, Layout::Make(env, argument.desc));
  object.Set("layouts", layouts);
  object.Set("implementation", implementation);
  object.Set("scratch", std::ceil(static_cast<double>(scratchpad.get_size()) / sizeof(float)));
  return object;
}

// run(buffer, buffer, ...): one Store or Float32Array for each argument, in their order, and one to scratch in.
Napi::Value Primitive::Run(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    for (size_t i = 0; i < memories_.size(); i++) memories_[i].set_data_handle(floats_of(info[i], floats_[i]));
    SignalsBlocked blocked;
    const Threads threads(threads_);
    primitive_.execute(stream(), arguments_);
    stream().wait();
    return info.Env().Undefined();
  });
}

}  // namespace caffe
