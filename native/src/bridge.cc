// Memory and sockets that two processes share, and how memory comes to arrays; which and when is decided in TypeScript.
#include <napi.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>

#if defined(_WIN32)
#error "the bridge needs a POSIX system"
#endif

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shared-memory.h"
#include "system-memory.h"

namespace {

Napi::Error failure(Napi::Env env, const std::string& what) {
  return Napi::Error::New(env, what + ": " + std::system_category().message(errno));
}

// share(bytes): memory, all zeros, that a process which opens `path` has in common with this one until `descriptor` is
// closed, and for as long as it keeps it mapped
Napi::Value Share(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double asked = info[0].As<Napi::Number>().DoubleValue();
  if (!(asked >= 1 && asked <= 9007199254740991.0)) throw Napi::Error::New(env, "memory to share of no size");
  const size_t bytes = static_cast<size_t>(asked);
  caffe::SharedFile file;
  if (!file.make(bytes)) throw failure(env, "memory to share cannot be made");
  void* memory = caffe::map_shared(file.descriptor, bytes);
  if (!memory) throw failure(env, "memory to share cannot be mapped");
  Napi::Object shared = Napi::Object::New(env);
  shared.Set("memory", Napi::ArrayBuffer::New(env, memory, bytes, [bytes](Napi::Env, void* data) { munmap(data, bytes); }));
  shared.Set("descriptor", file.keep());
  shared.Set("path", file.path);
  shared.Set("isNamed", file.is_named);
  return shared;
}

// socketPair(): two descriptors of one connection, on which reading waits
Napi::Value SocketPair(const Napi::CallbackInfo& info) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw failure(info.Env(), "no connection to another process");
  Napi::Array pair = Napi::Array::New(info.Env(), 2);
  for (uint32_t i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    pair.Set(i, ends[i]);
  }
  return pair;
}

// comes(descriptor, microseconds): whether there is something to read, or the end, before so long has passed. It looks
// again and again, and lets others run in between: whoever is to write may wait for this very core.
Napi::Value Comes(const Napi::CallbackInfo& info) {
  using Clock = std::chrono::steady_clock;
  pollfd wanted{info[0].As<Napi::Number>().Int32Value(), POLLIN, 0};
  const auto last = Clock::now() + std::chrono::microseconds(info[1].As<Napi::Number>().Int32Value());
  while (poll(&wanted, 1, 0) <= 0) {
    if (Clock::now() > last) return Napi::Boolean::New(info.Env(), false);
    sched_yield();
  }
  return Napi::Boolean::New(info.Env(), Clock::now() <= last);
}

// largeRoom(bytes): an ArrayBuffer of zeros, which begins where a page does, in large pages where the system has such
Napi::Value LargeRoom(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double asked = info[0].As<Napi::Number>().DoubleValue();
  if (!(asked >= 1 && asked <= 9007199254740991.0)) throw Napi::Error::New(env, "room of no size");
  const size_t bytes = static_cast<size_t>(asked);
  void* room = caffe::reserve(bytes);
  if (!room) throw failure(env, "there is no room");
  caffe::want_large_pages(room, bytes);
  return Napi::ArrayBuffer::New(env, room, bytes, [bytes](Napi::Env, void* data) { caffe::release(data, bytes); });
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("share", Napi::Function::New(env, Share, "share"));
  exports.Set("socketPair", Napi::Function::New(env, SocketPair, "socketPair"));
  exports.Set("comes", Napi::Function::New(env, Comes, "comes"));
  exports.Set("largeRoom", Napi::Function::New(env, LargeRoom, "largeRoom"));
  return exports;
}

}  // namespace

NODE_API_MODULE(caffe_bridge, Init)
