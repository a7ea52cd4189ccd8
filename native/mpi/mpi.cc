// The processes that mpirun started, and what they tell one another, for JavaScript.
#include <mpi.h>
#include <napi.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "halves.h"
#include "shared.h"
#include "world.h"

namespace {

// One to a process, whichever of JavaScript's threads asks.
World* world = nullptr;

World& joined(Napi::Env env) {
  if (!world) throw Napi::Error::New(env, "this process has not joined the others");
  return *world;
}

// An array's elements, their number and MPI's name of their type.
struct Elements {
  void* data;
  int count;
  MPI_Datatype type;
};

Elements elements_of(const Napi::Value& value) {
  const Napi::Env env = value.Env();
  if (!value.IsTypedArray()) throw Napi::TypeError::New(env, "expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  const size_t count = array.ElementLength();
  if (count > static_cast<size_t>(std::numeric_limits<int>::max())) throw Napi::Error::New(env, "too many elements for one job");
  void* data = static_cast<uint8_t*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  switch (array.TypedArrayType()) {
    case napi_float32_array:
      return {data, static_cast<int>(count), MPI_FLOAT};
    case napi_float64_array:
      return {data, static_cast<int>(count), MPI_DOUBLE};
    case napi_uint8_array:
      return {data, static_cast<int>(count), MPI_BYTE};
    case napi_uint16_array:
      return {data, static_cast<int>(count), MPI_UINT16_T};
    default:
      throw Napi::TypeError::New(env, "expected floats, doubles, halves or bytes");
  }
}

// So many elements of that type.
template <typename T>
T* elements_of(const Napi::Value& value, MPI_Datatype type, int count) {
  const Elements given = elements_of(value);
  if (given.type != type || given.count != count) throw Napi::Error::New(value.Env(), "expected arrays of one length");
  return static_cast<T*>(given.data);
}

std::shared_ptr<Job> job_of(Kind kind, const Napi::Value& value) {
  const Elements own = elements_of(value);
  auto job = std::make_shared<Job>();
  job->kind = kind;
  job->data = own.data;
  job->all = nullptr;
  job->count = own.count;
  job->type = own.type;
  job->data_kept = Napi::Persistent(value.As<Napi::Object>());
  return job;
}

Napi::Value give(const Napi::Env& env, std::shared_ptr<Job> job) {
  return Napi::Number::New(env, joined(env).give(std::move(job)));
}

// start(): joins the others; {rank, count, host}
Napi::Value Start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!world) {
    auto made = std::make_unique<World>();
    const std::string failure = made->start();
    if (!failure.empty()) throw Napi::Error::New(env, failure);
    world = made.release();
  }
  Napi::Object told = Napi::Object::New(env);
  told.Set("rank", world->rank);
  told.Set("count", world->count);
  told.Set("host", world->host);
  return told;
}

// sum(array): a ticket; every element becomes the sum of all ranks'
Napi::Value Sum(const Napi::CallbackInfo& info) {
  auto job = job_of(Kind::sum, info[0]);
  if (job->type == MPI_BYTE) throw Napi::TypeError::New(info.Env(), "expected floats, doubles or halves");
  return give(info.Env(), std::move(job));
}

// broadcast(array): a ticket; the elements become those of rank 0
Napi::Value Broadcast(const Napi::CallbackInfo& info) { return give(info.Env(), job_of(Kind::broadcast, info[0])); }

// gather(own, all): a ticket; `all` gets every rank's elements, one rank's behind the other's
Napi::Value Gather(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  auto job = job_of(Kind::gather, info[0]);
  const Elements all = elements_of(info[1]);
  if (all.type != job->type || all.count / joined(env).count != job->count || all.count % joined(env).count != 0) {
    throw Napi::Error::New(env, "expected room for as many elements of each rank");
  }
  job->all = all.data;
  job->all_kept = Napi::Persistent(info[1].As<Napi::Object>());
  return give(env, std::move(job));
}

// wait(ticket, milliseconds): whether the job is done, after so long at most; a done job's ticket is used up
Napi::Value Wait(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto job = joined(env).look(info[0].As<Napi::Number>().Uint32Value(), info[1].As<Napi::Number>().DoubleValue());
  if (!job) throw Napi::Error::New(env, "there is no such job");
  if (!job->is_done) return Napi::Boolean::New(env, false);
  job->data_kept.Reset();
  job->all_kept.Reset();
  if (!job->error.empty()) throw Napi::Error::New(env, job->error);
  return Napi::Boolean::New(env, true);
}

// halve(floats, rest, halves): halves ← floats + rest, rounded; rest ← what rounding took, 0 where that is no finite number
void Halve(const Napi::CallbackInfo& info) {
  const int count = elements_of(info[2]).count;
  const float* floats = elements_of<float>(info[0], MPI_FLOAT, count);
  float* rest = elements_of<float>(info[1], MPI_FLOAT, count);
  uint16_t* halves = elements_of<uint16_t>(info[2], MPI_UINT16_T, count);
  for (int i = 0; i < count; i++) {
    const float whole = floats[i] + rest[i];
    halves[i] = half_of(whole);
    const float lost = whole - float_of(halves[i]);
    rest[i] = std::isfinite(lost) ? lost : 0.0f;
  }
}

// widen(halves, floats)
void Widen(const Napi::CallbackInfo& info) {
  const int count = elements_of(info[0]).count;
  const uint16_t* halves = elements_of<uint16_t>(info[0], MPI_UINT16_T, count);
  float* floats = elements_of<float>(info[1], MPI_FLOAT, count);
  for (int i = 0; i < count; i++) floats[i] = float_of(halves[i]);
}

// stop(): ends with the others
void Stop(const Napi::CallbackInfo&) {
  if (!world) return;
  world->stop();
  delete world;
  world = nullptr;
}

// abort(code): ends all processes at once
void Abort(const Napi::CallbackInfo& info) { joined(info.Env()).abort(info[0].As<Napi::Number>().Int32Value()); }

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("start", Napi::Function::New<Start>(env));
  exports.Set("sum", Napi::Function::New<Sum>(env));
  exports.Set("broadcast", Napi::Function::New<Broadcast>(env));
  exports.Set("gather", Napi::Function::New<Gather>(env));
  exports.Set("halve", Napi::Function::New<Halve>(env));
  exports.Set("widen", Napi::Function::New<Widen>(env));
  exports.Set("wait", Napi::Function::New<Wait>(env));
  exports.Set("stop", Napi::Function::New<Stop>(env));
  exports.Set("abort", Napi::Function::New<Abort>(env));
  InitShared(env, exports);
  return exports;
}

NODE_API_MODULE(caffe_mpi, Init)

}  // namespace
