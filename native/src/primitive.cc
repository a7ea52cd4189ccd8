#include "primitive.h"

#include "signals.h"

namespace caffe {

namespace {

// What Make hands to the constructor.
struct Parts {
  const dnnl::primitive& primitive;
  const std::vector<Argument>& arguments;
  std::shared_ptr<void> hint;
};

}  // namespace

Napi::FunctionReference Primitive::constructor;

Primitive::Primitive(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Primitive>(info), threads_(omp_get_max_threads()) {
  auto& parts = *info[0].As<Napi::External<Parts>>().Data();
  primitive_ = parts.primitive;
  hint_ = parts.hint;
  for (const auto& argument : parts.arguments) {
    memories_.emplace_back(argument.desc, cpu(), nullptr);
    arguments_.emplace(argument.id, memories_.back());
  }
}

void Primitive::Init(Napi::Env env, Napi::Object exports) {
  auto function = DefineClass(env, "Primitive", {InstanceMethod("run", &Primitive::Run)});
  constructor = Napi::Persistent(function);
  constructor.SuppressDestruct();
  exports.Set("Primitive", function);
}

Napi::Object Primitive::Make(Napi::Env env, const dnnl::primitive& primitive, const std::string& implementation,
                             const std::vector<Argument>& arguments, std::shared_ptr<void> hint) {
  Parts parts{primitive, arguments, std::move(hint)};
  auto object = constructor.New({Napi::External<Parts>::New(env, &parts)});
  auto layouts = Napi::Object::New(env);
  for (const auto& argument : arguments) layouts.Set(argument.name, Layout::Make(env, argument.desc));
  object.Set("layouts", layouts);
  object.Set("implementation", implementation);
  return object;
}

// run(buffer, buffer, ...): one Store or Float32Array for each argument, in their order.
Napi::Value Primitive::Run(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    for (size_t i = 0; i < memories_.size(); i++) memories_[i].set_data_handle(floats_of(info[i]).data);
    SignalsBlocked blocked;
    const Threads threads(threads_);
    primitive_.execute(stream(), arguments_);
    stream().wait();
    return info.Env().Undefined();
  });
}

}  // namespace caffe
